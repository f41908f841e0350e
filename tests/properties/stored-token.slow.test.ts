import { expect, test } from '@jest/globals';

import { encryptedStore } from '../../src/stores/encrypted.js';
import { memoryStore } from '../../src/stores/memory.js';
import { fromStored, toStored } from '../../src/stores/token-record.js';
import type { StoredToken } from '../../src/stores/token-store.js';
import { fakeClock } from '../support/clock.js';
import { fc } from '../support/fc.js';
import { anyText } from '../support/text.js';
import { issue } from '../support/tokens.js';

const now = { wall: 1_000_000, monotonic: 0 };
const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 2, 999_999, 1_000_001));
const good = toStored('key', issue('t0ken', fakeClock()));
const entries: fc.Arbitrary<StoredToken> = fc.record({
  version: fc.oneof(fc.constant(1), numbers),
  issuedAt: numbers,
  expiresAt: numbers,
  payload: fc.oneof(
    anyText({ maxLength: 200 }),
    anyText({ maxLength: 20 }).map((text) => good.payload + text),
  ),
});

test('whatever a store returns, reading it never throws and makes no token of it [D9]', () => {
  fc.assert(
    fc.property(entries, anyText({ maxLength: 50 }), (entry, key) => {
      expect(['invalid', 'newer format']).toContain(fromStored(key, entry, now, {}).kind);
    }),
    { numRuns: 500 },
  );
});

test('whatever the store below returns, decrypting it never throws [D10]', async () => {
  const nearly = fc.array(anyText({ maxLength: 40 }), { maxLength: 6 }).map((parts) => parts.join('.'));
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyText({ maxLength: 200 }), nearly), async (payload) => {
      const below = { ...memoryStore(), get: async () => ({ ...good, payload }) };

      const found = await encryptedStore(below, { keys: [new Uint8Array(32)] }).get('key');

      expect(found).toEqual({ ...good, payload: '' });
    }),
    { numRuns: 200 },
  );
});
