import { randomBytes } from 'node:crypto';

import { expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { encryptedStore, type EncryptedStoreOptions } from '../../src/stores/encrypted.js';
import { memoryStore } from '../../src/stores/memory.js';
import type { StoredToken } from '../../src/stores/token-store.js';
import { tokenStoreContract } from '../contracts/token-store.js';
import { fakeClock } from '../support/clock.js';

tokenStoreContract('encryptedStore', async () => {
  const clock = fakeClock();
  const store = encryptedStore(memoryStore({ clock }), { keys: [randomBytes(32)] });
  return { store, pass: async (ms) => clock.advance(ms) };
});

const token: StoredToken = { version: 1, issuedAt: 1_000, expiresAt: 61_000, payload: 'c4n4ry of a payload' };
const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];

/** An encrypted store with the token under the key `a`, and the store that it wraps. */
async function encrypted({ key = newKey } = {}) {
  const below = memoryStore();
  const store = encryptedStore(below, { keys: [key] });
  await store.set('a', token, 60_000);
  const sealed = (await below.get('a')) as StoredToken;
  return { below, store, sealed };
}

test('gives the wrapped store no token, and each time another ciphertext [D10]', async () => {
  const { store, below, sealed } = await encrypted();

  await store.set('a', token, 60_000);
  const again = await below.get('a');

  expect(JSON.stringify(sealed)).not.toContain('c4n4ry');
  expect(Buffer.from(sealed.payload.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('c4n4ry');
  expect(again?.payload).not.toBe(sealed.payload);
});

test('names the key in the header without revealing it [D10]', async () => {
  const { sealed } = await encrypted();

  const header = JSON.parse(Buffer.from(sealed.payload.split('.')[0] ?? '', 'base64url').toString()) as object;

  expect(header).toEqual({ alg: 'dir', enc: 'A256GCM', kid: expect.stringMatching(/^[\w-]{11}$/) });
});

test('encrypts with the first key and decrypts with every key [D10]', async () => {
  const { below } = await encrypted({ key: oldKey });
  const both = encryptedStore(below, { keys: [newKey.toString('base64'), oldKey.toString('base64url')] });

  expect(await both.get('a')).toEqual(token);

  await both.set('b', token, 60_000);
  expect(await encryptedStore(below, { keys: [newKey] }).get('b')).toEqual(token);
});

test('returns an empty payload for a ciphertext of an unknown key [D10]', async () => {
  const { below } = await encrypted({ key: oldKey });

  expect(await encryptedStore(below, { keys: [newKey] }).get('a')).toEqual({ ...token, payload: '' });
});

test.each<[string, (sealed: StoredToken) => Partial<StoredToken>]>([
  ['another version', ({ version }) => ({ version: version + 1 })],
  ['another issue time', ({ issuedAt }) => ({ issuedAt: issuedAt + 1 })],
  ['another expiry', ({ expiresAt }) => ({ expiresAt: expiresAt + 3_600_000 })],
  ['a cut ciphertext', ({ payload }) => ({ payload: payload.slice(0, -2) })],
  ['no ciphertext', () => ({ payload: '' })],
  ['another algorithm', ({ payload }) => ({ payload: payload.replace(/^[^.]*/, 'eyJhbGciOiJub25lIn0') })],
])('returns an empty payload for an entry with %s [D10]', async (_, change) => {
  const { below, store, sealed } = await encrypted();

  await below.delete('a', sealed);
  await below.set('a', { ...sealed, ...change(sealed) }, 60_000);

  expect(await store.get('a')).toMatchObject({ payload: '' });
});

test('returns an empty payload for a ciphertext under another key of the store [D10]', async () => {
  const { below, store, sealed } = await encrypted();

  await below.set('b', sealed, 60_000);

  expect(await store.get('b')).toMatchObject({ payload: '' });
});

test('detects each flipped bit of a ciphertext [D10]', async () => {
  const { below, store, sealed } = await encrypted();
  let unnoticed = 0;

  for (let index = 0; index < sealed.payload.length; index += 1) {
    const flipped = String.fromCharCode(sealed.payload.charCodeAt(index) ^ 2);
    const payload = sealed.payload.slice(0, index) + flipped + sealed.payload.slice(index + 1);
    await below.set('a', { ...sealed, payload }, 60_000);
    const found = await store.get('a');

    expect(['', token.payload]).toContain(found?.payload);
    if (found?.payload !== '') unnoticed += 1;
  }
  // The last character of each of the four parts has unused bits.
  expect(unnoticed).toBeLessThanOrEqual(4);
});

test.each<[string, object, RegExp]>([
  ['no key', { keys: [] }, /needs "keys"/],
  ['no list', { keys: 'a' }, /must be a list of keys/],
  ['nothing', {}, /needs "keys"/],
  ['a key from an unset variable', { keys: [undefined] }, /"keys" of encryptedStore.*not undefined/],
  ['a key that is null', { keys: [null] }, /"keys" of encryptedStore.*not null/],
  ['an empty key', { keys: [''] }, /"keys" of encryptedStore.*not 0 bytes/],
  [
    'an empty key beside another',
    { keys: [randomBytes(32), new Uint8Array()] },
    /"keys" of encryptedStore.*not 0 bytes/,
  ],
  ['a key of another kind', { keys: [{ length: 32 }] }, /"keys" of encryptedStore.*not object/],
  ['a short key', { keys: ['c2hvcnQ='] }, /32 random bytes.*not 5 bytes/],
  ['a misspelt option', { key: [] }, /did you mean "keys"/],
])('rejects %s with a message that names what is expected [F10 F17]', (_, options, message) => {
  const make = () => encryptedStore(memoryStore(), options as EncryptedStoreOptions);

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});
