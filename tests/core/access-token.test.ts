import { webcrypto } from 'node:crypto';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';

import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';

import { AccessToken } from '../../src/core/access-token.js';
import { fakeClock } from '../support/clock.js';
import { issue } from '../support/tokens.js';

const hour = 3_600_000;
const value = 'live-t0ken';
const token = new AccessToken({
  value,
  scope: 'orders:read',
  issuedAt: 1_000,
  expiresAt: 61_000,
  issuedAtMonotonic: 5,
});

describe('an access token', () => {
  test('says how it is presented [R-32]', () => {
    expect(token).toMatchObject({ value, type: 'Bearer', authorization: `Bearer ${value}` });
    expect(new AccessToken({ value, type: 'DPoP', issuedAt: 0, expiresAt: 1 }).authorization).toBe(`DPoP ${value}`);
  });

  test('says what it is bound to, if anything [R-51]', () => {
    expect(token.certificateThumbprint).toBeUndefined();
    expect(
      new AccessToken({ value, issuedAt: 0, expiresAt: 1, certificateThumbprint: 'x5t' }).certificateThumbprint,
    ).toBe('x5t');
  });

  test('has the keys that it is bound to, and prints nothing of them [F4 F7]', async () => {
    const keyPair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);

    const bound = new AccessToken({ value, type: 'DPoP', keyPair, issuedAt: 0, expiresAt: 1 });

    expect(bound.keyPair).toBe(keyPair);
    expect(token.keyPair).toBeUndefined();
    expect(inspect(bound, { depth: Infinity, showHidden: true, customInspect: false })).not.toContain('Key');
    expect(inspect(bound, { depth: Infinity, showHidden: true })).not.toContain('Key');
    expect(JSON.stringify(bound)).not.toContain('Key');
  });

  test('has no scope unless one is known', () => {
    expect(token.scope).toBe('orders:read');
    expect(new AccessToken({ value, issuedAt: 0, expiresAt: 1 }).scope).toBeUndefined();
  });

  test.each(['value', 'authorization', 'type', 'scope', 'issuedAt', 'expiresAt', 'binding', 'extra'])(
    'does not let its "%s" be changed [D20]',
    (member) => {
      const shared = new AccessToken({ value, issuedAt: 0, expiresAt: 1 }) as unknown as Record<string, unknown>;
      const before = shared[member];

      expect(() => {
        shared[member] = 'changed';
      }).toThrow(TypeError);

      expect(shared[member]).toBe(before);
      expect(Object.isFrozen(shared)).toBe(true);
    },
  );
});

describe('the time that remains', () => {
  test('counts down to the millisecond, and below zero [C6]', () => {
    const clock = fakeClock();
    const short = issue('t', clock, 1_000);

    const remaining = [999, 1, 1].map((ms) => {
      clock.advance(ms);
      return short.remainingMs(clock);
    });

    expect(remaining).toEqual([1, 0, -1]);
  });

  test('does not grow when the wall clock is set back [C1]', () => {
    const clock = fakeClock();
    const kept = issue('t', clock, hour);

    clock.advance(1_000);
    clock.step(-hour);

    expect(kept.remainingMs(clock)).toBe(hour - 1_000);
  });

  test('shrinks when the wall clock jumps forward: the machine may have slept [C1 C2]', () => {
    const clock = fakeClock();
    const kept = issue('t', clock, hour);

    clock.step(hour);

    expect(kept.remainingMs(clock)).toBe(0);
  });

  test('comes back when the wall clock does [C1]', () => {
    const clock = fakeClock();
    const kept = issue('t', clock, hour);

    clock.step(hour);
    clock.step(-hour);

    expect(kept.remainingMs(clock)).toBe(hour);
  });

  test('is read off the wall clock alone for a token of another process', () => {
    const clock = fakeClock();
    const shared = new AccessToken({ value, issuedAt: clock.now(), expiresAt: clock.now() + hour });

    clock.step(1_000);

    expect(shared.remainingMs(clock)).toBe(hour - 1_000);
  });

  test('never ends for a token that never expires', () => {
    const forever = new AccessToken({ value, issuedAt: 0, issuedAtMonotonic: 0, expiresAt: Infinity });

    expect(forever.remainingMs()).toBe(Infinity);
  });

  test('is that of this machine without a clock', () => {
    const kept = new AccessToken({ value, issuedAt: Date.now(), expiresAt: Date.now() + hour });

    expect(kept.remainingMs()).toBeGreaterThan(hour - 60_000);
    expect(kept.remainingMs()).toBeLessThanOrEqual(hour);
  });
});

describe('an access token does not print itself', () => {
  const holder = { token, list: [token], map: new Map([[token, token]]), error: new Error('x', { cause: token }) };

  test.each<[string, () => string]>([
    ['String', () => String(token)],
    ['a template', () => `${token.toString()} ${String([token])}`],
    ['JSON', () => JSON.stringify(holder)],
    ['JSON of all own members', () => JSON.stringify(token, Object.getOwnPropertyNames(token))],
    ['inspect', () => inspect(token)],
    ['inspect inside other things', () => inspect(holder, { depth: Infinity })],
    ['inspect of all that is hidden', () => inspect(holder, { depth: Infinity, showHidden: true, getters: true })],
    ['inspect without custom ones', () => inspect(token, { customInspect: false, showHidden: true })],
    ['console.log of a kind', () => format('%s %o %O %j %d', token, token, token, token, token)],
    ['console.log of others', () => format(token, holder)],
    [
      'structuredClone',
      () => inspect(structuredClone(token), { showHidden: true }) + JSON.stringify(structuredClone(token)),
    ],
    ['a copy of its members', () => JSON.stringify([Object.assign({}, token), Object.entries(token)])],
    ['for…in', () => Object.keys(token).join()],
  ])('by %s [R-25 F4]', (_what, print) => {
    const printed = print();

    expect(printed).not.toBe('');
    expect(printed).not.toContain(value);
  });

  test('by pino, wherever it stands [R-25 F4]', () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(line: Buffer, _encoding, done) {
        lines.push(line.toString());
        done();
      },
    });
    const logger = pino({ level: 'trace' }, stream);

    logger.info(token, 'a token');
    logger.info(holder, 'holds %s %o %j', token, token, token);
    logger.error(holder.error);
    logger.child({ token }).info('a child');

    expect(lines).toHaveLength(4);
    expect(lines.join('')).toContain('[redacted]');
    expect(lines.join('')).not.toContain(value);
  });

  test('but says what it is', () => {
    expect(String(token)).toBe('Bearer [redacted]');
    expect(JSON.parse(JSON.stringify(token))).toEqual({
      value: '[redacted]',
      type: 'Bearer',
      scope: 'orders:read',
      issuedAt: 1_000,
      expiresAt: 61_000,
    });
    expect(inspect(token)).toMatch(/^AccessToken \{\n? *value: '\[redacted\]'/);
  });
});
