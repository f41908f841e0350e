import { randomBytes } from 'node:crypto';

import { encryptedStore } from '../../src/stores/encrypted.js';
import { memoryStore } from '../../src/stores/memory.js';
import { tokenStoreContract } from '../contracts/token-store.js';
import { fakeClock } from '../support/clock.js';

tokenStoreContract('encryptedStore', async () => {
  const clock = fakeClock();
  const store = encryptedStore(memoryStore({ clock }), { keys: [randomBytes(32)] });
  return { store, pass: async (ms) => clock.advance(ms) };
});
