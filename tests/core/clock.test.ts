import { expect, test } from '@jest/globals';

import { elapsedMs, instant, systemClock } from '../../src/core/clock.js';
import { fakeClock } from '../support/clock.js';

test('reads both clocks at once', () => {
  const clock = fakeClock();

  expect(instant(clock)).toEqual({ wall: Date.UTC(2026, 0, 1), monotonic: 1_000 });
});

test.each([
  ['the wall clock was set back [C1]', -3_600_000, 5_000],
  ['the machine slept [C2]', 3_600_000, 3_605_000],
  ['both agree', 0, 5_000],
])('says how much time has passed although %s [C2]', (_why, stepMs, expected) => {
  const clock = fakeClock();
  const start = instant(clock);

  clock.advance(5_000);
  clock.step(stepMs);

  expect(elapsedMs(start, clock)).toBe(expected);
});

test('is that of this machine by default', () => {
  const before = Date.now();

  const { wall, monotonic } = instant(systemClock);

  expect(wall).toBeGreaterThanOrEqual(before);
  expect(wall).toBeLessThanOrEqual(Date.now());
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(monotonic);
});

test('sleeps no longer than the signal allows, and fails with its reason [B6]', async () => {
  const sleeper = new AbortController();
  const sleep = systemClock.sleep(60_000, sleeper.signal);

  sleeper.abort(new Error('gone'));

  await expect(sleep).rejects.toThrow('gone');
  await expect(systemClock.sleep(60_000, AbortSignal.abort(new Error('long gone')))).rejects.toThrow('long gone');
});
