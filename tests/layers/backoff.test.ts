import { expect, test } from '@jest/globals';

import { backoffMs } from '../../src/layers/backoff.js';

test('doubles with each consecutive failure [A2]', () => {
  const waits = [1, 2, 3, 4, 5].map((failures) =>
    backoffMs(failures, { baseMs: 1_000, capMs: 30_000, random: () => 1 }),
  );

  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
});

test('is random between 0 and its bound, so that replicas do not retry together [A2]', () => {
  const draw = (random: number) => backoffMs(3, { baseMs: 1_000, capMs: 30_000, random: () => random });

  expect([0, 0.25, 0.5].map(draw)).toEqual([0, 1_000, 2_000]);
});

test('is 95 to 100 % of the cap once the bound reaches it, so that replicas stay spread [A2]', () => {
  const draw = (random: number) =>
    [6, 7, 50].map((failures) => backoffMs(failures, { baseMs: 1_000, capMs: 30_000, random: () => random }));

  expect(draw(0)).toEqual([30_000, 30_000, 30_000]);
  expect(draw(0.5)).toEqual([29_250, 29_250, 29_250]);
  // The bound of the fourth wait is the cap itself.
  expect(backoffMs(4, { baseMs: 1_000, capMs: 8_000, random: () => 0 })).toBe(8_000);
});
