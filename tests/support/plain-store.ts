import type { TokenStore } from '../../src/stores/token-store.js';

/** The same store, but as one whose entries others can read. `onSet` gets the payload of each entry. */
export const plainStore = (store: TokenStore, onSet: (payload: string) => void = () => undefined): TokenStore => ({
  get: (...call) => store.get(...call),
  async set(...call) {
    onSet(call[1].payload);
    await store.set(...call);
  },
  delete: (...call) => store.delete(...call),
  lease: (...call) => store.lease(...call),
});
