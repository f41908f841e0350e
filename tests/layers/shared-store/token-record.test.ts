import { crc32 } from 'node:zlib';

import { expect, test } from '@jest/globals';

import { AccessToken, type AccessTokenFields } from '../../../src/core/access-token.js';
import { instant } from '../../../src/core/clock.js';
import { fromStored, toStored } from '../../../src/layers/shared-store/token-record.js';
import type { StoredToken } from '../../../src/stores/token-store.js';
import { fakeClock } from '../../support/clock.js';
import { issue } from '../../support/tokens.js';

const minute = 60_000;

/** A clock, a token of an hour that was stored at its time, and how it comes back. */
function stored() {
  const clock = fakeClock();
  const token = new AccessToken({
    value: 'a',
    type: 'DPoP',
    scope: 'read write',
    issuedAt: clock.now(),
    expiresAt: clock.now() + 60 * minute,
  });
  const entry = toStored('key', token);
  const read = (changes: Partial<typeof entry> = {}, key = 'key') =>
    fromStored(key, { ...entry, ...changes }, instant(clock));
  return { clock, token, entry, read };
}

test('a token comes back as it was', () => {
  const { token, read } = stored();

  const fields = read() as AccessTokenFields;

  expect(new AccessToken(fields)).toEqual(token);
  expect(fields.value).toBe('a');
});

test('an entry of another key, with another time or of an earlier version is odd [D9]', () => {
  const { entry, read } = stored();

  expect(read({}, 'another key')).toBe('odd');
  expect(read({ expiresAt: entry.expiresAt + 1 })).toBe('odd');
  expect(read({ issuedAt: entry.issuedAt - 1 })).toBe('odd');
  expect(read({ version: 0 })).toBe('odd');
});

test('an entry of a later version is told apart, whatever it holds [D9]', () => {
  const { read } = stored();

  expect(read({ version: 2, payload: '' })).toBe('later version');
});

test('an entry without a value, or for a token of a type that nobody can present, is odd [D9]', () => {
  const { entry, read } = stored();
  const { issuedAt, expiresAt } = entry;
  const withChecksum = (body: string) => crc32(`${issuedAt}:${expiresAt}${body}`).toString(16).padStart(8, '0') + body;

  expect(read({ payload: withChecksum('key\nBearer\na') })).toMatchObject({ type: 'Bearer', value: 'a' });
  for (const body of ['key\nBearer', 'key\nBearer\n', 'key\nMAC\na']) {
    expect(read({ payload: withChecksum(body) })).toBe('odd');
  }
});

test('each flipped bit and each cut makes an entry odd [D10]', () => {
  const { entry, read } = stored();
  const bytes = Buffer.from(entry.payload);

  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(read({ payload: flipped.toString() })).toBe('odd');
  }
  for (let length = 0; length < entry.payload.length; length += 1) {
    expect(read({ payload: entry.payload.slice(0, length) })).toBe('odd');
  }
});

test('a token that was issued in up to a minute is taken, and lives no longer than its lifetime from now on [C5]', () => {
  const { clock, read } = stored();

  clock.step(-minute);
  const token = new AccessToken(read() as AccessTokenFields);
  expect(token.remainingMs(clock)).toBe(60 * minute);
  clock.advance(60 * minute);
  expect(token.remainingMs(clock)).toBe(0);
});

test('a token that was issued later than that is odd [C5]', () => {
  const { clock, read } = stored();

  clock.step(-minute - 1);

  expect(read()).toBe('odd');
});

test('the monotonic clock counts from when the token was read [C1 C5]', () => {
  const { clock, read } = stored();
  clock.advance(20 * minute);

  const token = new AccessToken(read() as AccessTokenFields);
  clock.step(-30 * minute);
  clock.advance(15 * minute);

  expect(token.remainingMs(clock)).toBe(25 * minute);
});

test('a token that never lived, or lives for ever, is odd [D9]', () => {
  const clock = fakeClock();
  const back = (lifetimeMs: number) => fromStored('a', toStored('a', issue('a', clock, lifetimeMs)), instant(clock));
  const tenYears = 10 * 366 * 24 * 60 * minute;

  expect(back(0)).toBe('odd');
  expect(back(-1)).toBe('odd');
  expect(back(11 * 366 * 24 * 60 * minute)).toBe('odd');
  expect(back(tenYears + 1)).toBe('odd');
  expect(back(tenYears)).toMatchObject({ value: 'a' });
  expect(back(1)).toMatchObject({ value: 'a' });
});

test('a scope comes back as the authorization server wrote it, and none as none [R-14]', () => {
  const clock = fakeClock();
  const { issuedAt, expiresAt } = issue('', clock);

  for (const scope of ['a\nb', '', undefined]) {
    const token = new AccessToken({ value: 'a', scope, issuedAt, expiresAt });
    expect(fromStored('a', toStored('a', token), instant(clock))).toMatchObject({ value: 'a', scope });
  }
});

test.each([
  ['a string', 'x'],
  ['a number', 7],
  ['an empty object', {}],
  ['a payload alone', { payload: 'x' }],
  ['no payload', { payload: undefined }],
  ['a payload that is no text', { payload: Buffer.from('x') }],
  ['a version in words', { version: '1' }],
])('what a store of somebody else makes of an entry is odd: %s [D9]', (_what, found) => {
  const { entry, clock } = stored();
  const given = typeof found === 'object' && Object.keys(found).length > 0 ? { ...entry, ...found } : found;

  expect(fromStored('key', given as StoredToken, instant(clock))).toBe('odd');
});

test('an entry whose times came back as text is odd, although its checksum fits [D9]', () => {
  const { entry, clock } = stored();
  const given = { ...entry, issuedAt: `${entry.issuedAt}`, expiresAt: `${entry.expiresAt}` };

  expect(fromStored('key', given as unknown as StoredToken, instant(clock))).toBe('odd');
});
