import { crc32 } from 'node:zlib';

import { expect, test } from '@jest/globals';

import { AccessToken } from '../../src/core/access-token.js';
import { instant } from '../../src/core/clock.js';
import { fromStored, toStored, type TokenRecord } from '../../src/stores/token-record.js';
import type { StoredToken } from '../../src/stores/token-store.js';
import { fakeClock } from '../support/clock.js';
import { issue } from '../support/tokens.js';

const minute = 60_000;

/** A clock, a token of one hour, its entry, and a way to read the entry with some members changed. */
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
    fromStored(key, { ...entry, ...changes }, instant(clock), {});
  return { clock, token, entry, read };
}

function tokenIn(record: TokenRecord): AccessToken {
  if (record.kind !== 'token') throw new Error(`the record is of the kind "${record.kind}"`);
  return record.token;
}

test('reads the token that was written', () => {
  const { token, read } = stored();

  const found = tokenIn(read());

  expect(found).toEqual(token);
  expect(found.value).toBe('a');
});

test('finds an entry of another key, with another time or of an older format invalid [D9]', () => {
  const { entry, read } = stored();

  expect(read({}, 'another key').kind).toBe('invalid');
  expect(read({ expiresAt: entry.expiresAt + 1 }).kind).toBe('invalid');
  expect(read({ issuedAt: entry.issuedAt - 1 }).kind).toBe('invalid');
  expect(read({ version: 0 }).kind).toBe('invalid');
});

test('recognizes a newer format by its version alone [D9]', () => {
  const { read } = stored();

  expect(read({ version: 4, payload: '' }).kind).toBe('newer format');
});

test('finds an entry without a value, or of an unknown token type, invalid [D9]', () => {
  const { entry, read } = stored();
  const { issuedAt, expiresAt } = entry;
  const withChecksum = (body: string) => crc32(`${issuedAt}:${expiresAt}${body}`).toString(16).padStart(8, '0') + body;

  expect(tokenIn(read({ payload: withChecksum('key\nBearer\na') }))).toMatchObject({ type: 'Bearer', value: 'a' });
  for (const body of ['key\nBearer', 'key\nBearer\n', 'key\nMAC\na']) {
    expect(read({ payload: withChecksum(body) }).kind).toBe('invalid');
  }
});

test('finds an entry with one flipped bit, or cut short, invalid [D10]', () => {
  const { entry, read } = stored();
  const bytes = Buffer.from(entry.payload);

  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(read({ payload: flipped.toString() }).kind).toBe('invalid');
  }
  for (let length = 0; length < entry.payload.length; length += 1) {
    expect(read({ payload: entry.payload.slice(0, length) }).kind).toBe('invalid');
  }
});

test('takes a token from up to a minute in the future, which expires one lifetime from now at the latest [C5]', () => {
  const { clock, read } = stored();

  clock.step(-minute);
  const token = tokenIn(read());
  expect(token.remainingMs(clock)).toBe(60 * minute);
  clock.advance(60 * minute);
  expect(token.remainingMs(clock)).toBe(0);
});

test('finds a token from further in the future invalid [C5]', () => {
  const { clock, read } = stored();

  clock.step(-minute - 1);

  expect(read().kind).toBe('invalid');
});

test('counts on the monotonic clock from the moment of reading [C1 C5]', () => {
  const { clock, read } = stored();
  clock.advance(20 * minute);

  const token = tokenIn(read());
  clock.step(-30 * minute);
  clock.advance(15 * minute);

  expect(token.remainingMs(clock)).toBe(25 * minute);
});

test('finds a token with a lifetime of zero, or of more than ten years, invalid [D9]', () => {
  const clock = fakeClock();
  const kindOf = (lifetimeMs: number) =>
    fromStored('a', toStored('a', issue('a', clock, lifetimeMs)), instant(clock), {}).kind;
  const tenYears = 10 * 366 * 24 * 60 * minute;

  expect(kindOf(0)).toBe('invalid');
  expect(kindOf(-1)).toBe('invalid');
  expect(kindOf(11 * 366 * 24 * 60 * minute)).toBe('invalid');
  expect(kindOf(tenYears + 1)).toBe('invalid');
  expect(kindOf(tenYears)).toBe('token');
  expect(kindOf(1)).toBe('token');
});

test('keeps the scope of the token unchanged, or none [R-14]', () => {
  const clock = fakeClock();
  const { issuedAt, expiresAt } = issue('', clock);

  for (const scope of ['a\nb', '', undefined]) {
    const token = new AccessToken({ value: 'a', scope, issuedAt, expiresAt });
    expect(tokenIn(fromStored('a', toStored('a', token), instant(clock), {}))).toMatchObject({ value: 'a', scope });
  }
});

test.each([
  ['a string', 'x'],
  ['a number', 7],
  ['an empty object', {}],
  ['a payload alone', { payload: 'x' }],
  ['no payload', { payload: undefined }],
  ['a payload of bytes', { payload: Buffer.from('x') }],
  ['a version as a string', { version: '1' }],
])('finds %s from a custom store invalid [D9]', (_what, found) => {
  const { entry, clock } = stored();
  const given = typeof found === 'object' && Object.keys(found).length > 0 ? { ...entry, ...found } : found;

  expect(fromStored('key', given as StoredToken, instant(clock), {}).kind).toBe('invalid');
});

test('finds an entry with times as strings invalid, although its checksum fits [D9]', () => {
  const { entry, clock } = stored();
  const given = { ...entry, issuedAt: `${entry.issuedAt}`, expiresAt: `${entry.expiresAt}` };

  expect(fromStored('key', given as unknown as StoredToken, instant(clock), {}).kind).toBe('invalid');
});

test.each([
  ['a scope', 'read write'],
  ['no scope', undefined],
])('reads the members of a token with %s [A56]', (_what, scope) => {
  const clock = fakeClock();
  const members = { instance_url: 'https://a.example/\n', level: 7 };
  const times = { issuedAt: clock.now(), expiresAt: clock.now() + minute };
  const entry = toStored('key', new AccessToken({ value: 'a', scope, members, ...times }));

  const found = tokenIn(fromStored('key', entry, instant(clock), {}));

  expect(entry.version).toBe(2);
  expect(found.members).toEqual(members);
  expect(found.scope).toBe(scope);
});

test.each(['', 'null', '[]', '{"a":{}}', '{"a":null}'])(
  'finds an entry with the members %j invalid [A56 D9]',
  (line) => {
    const { entry } = stored();
    const body = `key\nBearer\na\n${line}`;
    const checksum = crc32(`${entry.issuedAt}:${entry.expiresAt}${body}`).toString(16).padStart(8, '0');

    expect(fromStored('key', { ...entry, version: 2, payload: checksum + body }, instant(fakeClock()), {}).kind).toBe(
      'invalid',
    );
  },
);
