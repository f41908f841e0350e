import { describe, expect, test } from '@jest/globals';

import { findings } from './findings.js';
import { growthOf } from './heap-growth.js';
import { logs } from './logs.js';
import { requestSpacing } from './request-spacing.js';
import { watchStalls } from './stalls.js';
import { tokenLedger } from './token-ledger.js';

describe('the bound on requests', () => {
  const spaced = () => {
    const { violate, list } = findings();
    let now = 0;
    const spacing = requestSpacing({ violate, stalls: { recentMs: () => 0 }, now: () => now });
    const at = (ms: number) => {
      now = ms;
      return spacing;
    };
    return { at, rules: () => list().map(({ rule }) => rule) };
  };

  test('lets pass a flight of three attempts, its back-off and the next one', () => {
    const { at, rules } = spaced();

    for (const ms of [0, 0, 200, 700, 800, 1_000, 2_000]) at(ms).ask('/token').closed();

    expect(rules()).toEqual([]);
  });

  test('catches a flight that follows a failed one at once', () => {
    const { at, rules } = spaced();

    for (const ms of [0, 100, 300, 320]) at(ms).ask('/token').closed();

    expect(rules()).toEqual(['failed requests follow each other too fast']);
  });

  test('catches a request for each of several callers', () => {
    const { at, rules } = spaced();

    for (let caller = 0; caller < 3; caller += 1) at(0).ask('/token');

    expect(rules()).toEqual(['several token requests at a time']);
  });

  test('catches a request soon after a 429', () => {
    const { at, rules } = spaced();
    at(0).ask('/token').limit(undefined);
    at(10).limited();

    at(4_900).ask('/token');

    expect(rules()).toEqual(['a token request was sent during a rate limit']);
  });

  test('catches a request soon after a final refusal', () => {
    const { at, rules } = spaced();
    const first = at(0).ask('/token-1');
    first.moved();
    first.closed();
    at(0).refused();

    at(1).ask('/token-2').closed();
    at(2_000).ask('/token-1');

    expect(rules()).toEqual(['a token request was sent soon after an error response']);
  });

  test.each([
    ['in a row within the least time', [0, 100, 300], ['tokens are renewed too often']],
    ['of which the first renewal is free', [0, 100, 600], []],
    ['of which the first has expired', [0, 2_000, 2_100], []],
  ])('looks at three tokens %s', (_what, times, expected) => {
    const { at, rules } = spaced();

    for (const ms of times) {
      at(ms).ask('/token').closed();
      at(ms).received(2_000);
    }

    expect(rules()).toEqual(expected);
  });

  test('catches a discovery without need', () => {
    const { at, rules } = spaced();
    at(0).discover(true, true);
    at(0).ask('/token').closed();

    at(1).discover(true, true);

    expect(rules()).toEqual(['metadata is requested without need']);
  });
});

describe('a token of the ledger', () => {
  const received = () => {
    const ledger = tokenLedger();
    const { number } = ledger.issue(60_000);
    ledger.receive(number, 0);
    return { ledger, number };
  };

  test('is held from when it is received until it is revoked', () => {
    const { ledger, number } = received();

    const [before, since] = [ledger.heldSince(0), ledger.heldSince(Infinity)];
    ledger.revokeUpTo(number);

    expect(before).toBeUndefined();
    expect(since).toMatchObject({ number, revokedAt: expect.any(Number) });
    expect(ledger.heldSince(Infinity)).toBeUndefined();
  });

  test('is not held when it took longer than its lifetime to arrive', () => {
    const ledger = tokenLedger();

    ledger.receive(ledger.issue(60_000).number, 60_001);

    expect(ledger.heldSince(Infinity)).toBeUndefined();
  });

  test('is revoked for good when the API rejects all tokens for a while, but not one that is issued later', () => {
    const { ledger } = received();

    ledger.rejectAll(true);
    ledger.receive(ledger.issue(60_000).number, 0);
    ledger.rejectAll(false);

    expect(ledger.heldSince(Infinity)).toBeUndefined();
    ledger.receive(ledger.issue(60_000).number, 0);
    expect(ledger.heldSince(Infinity)).toMatchObject({ number: 3 });
  });
});

describe('the growth of the heap', () => {
  const mb = 1_000_000;
  /** Forty samples, one a second. Calls under way make up 0 to 8 MB; they are regular here, so that no test fails by chance. */
  const samplesOf = (bytesAt: (second: number) => number) =>
    Array.from({ length: 40 }, (_, second) => ({
      atMs: second * 1_000,
      bytes: bytesAt(second) + ((second * 7) % 17) * 0.5 * mb,
    }));

  test.each<[string, (second: number) => number, least: number, most: number]>([
    ['that does not grow', () => 40 * mb, -2, 2],
    ['with a high value at the end', (second) => (second > 36 ? 60 : 40) * mb, -2, 2],
    ['that shrinks', (second) => (50 - second / 4) * mb, -11, -9],
    ['that grows by 0.25 MB a second', (second) => (40 + second / 4) * mb, 9, 11],
  ])('of a heap %s', (_what, bytesAt, least, most) => {
    const growth = growthOf(samplesOf(bytesAt)) / mb;

    expect(growth).toBeGreaterThan(least);
    expect(growth).toBeLessThan(most);
  });
});

test.each([
  [100, []],
  [101, ['a log has too many lines']],
])('a log of %i lines in a minute', (lines, rules) => {
  const { violate, list } = findings();
  const written = logs(60, violate);
  const logger = written.loggerOf('orders');

  for (let line = 0; line < lines; line += 1) logger.info({ type: 'request.resent' }, 'resent');
  logger.debug({ type: 'token.awaited' }, 'awaited');

  expect(list().map(({ rule }) => rule)).toEqual(rules);
  expect(written.figures()).toEqual({ 'longest log': lines, 'request.resent': lines });
});

test('a stall of the process counts at once, and for three seconds', () => {
  let now = 0;
  const stalls = watchStalls(() => now);
  const recentAt = (ms: number) => {
    now = ms;
    return stalls.recentMs();
  };

  const recent = [20, 320, 330, 3_320].map(recentAt);
  stalls.stop();

  expect(recent).toEqual([0, 290, 290, 3_270]);
});

test('a stall is over after three seconds', () => {
  let now = 0;
  const stalls = watchStalls(() => now);
  for (now = 500; now < 3_600; now += 20) stalls.recentMs();
  const recent = stalls.recentMs();
  stalls.stop();

  expect(recent).toBe(0);
});
