import { describe, expect, test as anyTest } from '@jest/globals';

import type { StoredToken, TokenStore } from '../../src/stores/token-store.js';

/** An empty store, and a function that lets its time pass. */
export interface StoreUnderTest {
  readonly store: TokenStore;
  readonly pass: (ms: number) => Promise<void>;
}

const minute = 60_000;
const first: StoredToken = { version: 1, issuedAt: 1_000, expiresAt: 61_000, payload: 'a "first" payload: €' };
const later: StoredToken = { ...first, issuedAt: 2_000, payload: 'later' };

/** The contract of every token store. Pass `test.skip` to skip it. */
export function tokenStoreContract(name: string, make: () => Promise<StoreUnderTest>, test = anyTest): void {
  describe(`${name} is a token store that`, () => {
    test('returns a token under its key only', async () => {
      const { store } = await make();

      await store.set('a', first, minute);

      expect(await store.get('a')).toEqual(first);
      expect(await store.get('b')).toBeUndefined();
    });

    test('removes a token when its time to live has passed', async () => {
      const { store, pass } = await make();

      await store.set('a', first, 50);
      await store.set('b', first, minute);
      await pass(60);

      expect(await store.get('a')).toBeUndefined();
      expect(await store.get('b')).toEqual(first);
    });

    test('keeps a token that was issued later, and replaces one that was issued earlier or at the same time [D12]', async () => {
      const { store } = await make();

      await store.set('a', later, minute);
      await store.set('a', first, minute);
      expect(await store.get('a')).toEqual(later);

      const again = { ...later, payload: 'again' };
      await store.set('a', again, minute);
      expect(await store.get('a')).toEqual(again);
    });

    test('compares times as numbers [D12]', async () => {
      const { store } = await make();
      const [nine, ten] = [
        { ...first, issuedAt: 9_000 },
        { ...first, issuedAt: 10_000 },
      ];

      await store.set('a', nine, minute);
      await store.set('a', ten, minute);

      expect(await store.get('a')).toEqual(ten);
    });

    test('keeps a token of a newer format, however old it is [D9]', async () => {
      const { store } = await make();
      const newer = { ...first, version: 10 };

      await store.set('a', newer, minute);
      await store.set('a', { ...later, version: 9 }, minute);

      expect(await store.get('a')).toEqual(newer);
    });

    test('replaces a token of an older format, however new it is [D9]', async () => {
      const { store } = await make();
      const newer = { ...first, version: 2 };

      await store.set('a', later, minute);
      await store.set('a', newer, minute);

      expect(await store.get('a')).toEqual(newer);
    });

    test('removes a token, but not its successor', async () => {
      const { store } = await make();

      await store.set('a', later, minute);
      await store.delete('a', first);
      expect(await store.get('a')).toEqual(later);

      await store.delete('a', { ...later, version: 2 });
      expect(await store.get('a')).toEqual(later);

      await store.delete('a', later);
      expect(await store.get('a')).toBeUndefined();
      await store.delete('a', later);
    });

    test('gives the lease of a key to one of many callers', async () => {
      const { store } = await make();

      const leases = await Promise.all(Array.from({ length: 20 }, () => store.lease('a', minute)));

      expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
      expect(await store.lease('b', minute)).toBeDefined();
    });

    test('gives a released lease to the next caller, and keeps the token of the key', async () => {
      const { store } = await make();
      await store.set('a', first, minute);

      const lease = await store.lease('a', minute);
      await lease?.release();

      expect(await store.lease('a', minute)).toBeDefined();
      expect(await store.get('a')).toEqual(first);
    });

    test('gives an expired lease to the next caller, and its former holder neither ends nor extends it [D11]', async () => {
      const { store, pass } = await make();
      const late = await store.lease('a', 50);
      await pass(60);

      const next = await store.lease('a', minute);
      await late?.release();
      await late?.extend(1);
      await pass(10);

      expect(next).toBeDefined();
      expect(await store.lease('a', minute)).toBeUndefined();
    });

    test('extends a lease', async () => {
      const { store, pass } = await make();

      const lease = await store.lease('a', 50);
      await lease?.extend(minute);
      await pass(60);

      expect(await store.lease('a', minute)).toBeUndefined();
    });
  });
}
