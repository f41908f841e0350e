import { expect, test } from '@jest/globals';

import { pause } from '../../src/core/pause.js';
import { fakeClock } from '../support/clock.js';

test('tells how long it still lasts, and 0 once it is over', () => {
  const clock = fakeClock();
  const begun = pause(1_000, clock);

  expect(begun.remainingMs()).toBe(1_000);
  clock.advance(400);
  expect(begun.remainingMs()).toBe(600);
  clock.advance(700);
  expect(begun.remainingMs()).toBe(0);
});

test.each([
  ['ends while the machine sleeps, when only the wall clock goes on [C2]', 1_000, 0],
  ['goes on by the monotonic clock when the wall clock is set back [C1]', -3_600_000, 1_000],
])('%s', (_, stepMs, remainingMs) => {
  const clock = fakeClock();
  const begun = pause(1_000, clock);

  clock.step(stepMs);

  expect(begun.remainingMs()).toBe(remainingMs);
});
