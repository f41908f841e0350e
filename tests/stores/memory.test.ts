import { memoryStore } from '../../src/stores/memory.js';
import { tokenStoreContract } from '../contracts/token-store.js';
import { fakeClock } from '../support/clock.js';

tokenStoreContract('memoryStore', async () => {
  const clock = fakeClock();
  return { store: memoryStore({ clock }), pass: async (ms) => clock.advance(ms) };
});
