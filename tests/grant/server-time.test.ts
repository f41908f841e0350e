import { expect, test } from '@jest/globals';

import { serverTime } from '../../src/grant/server-time.js';
import { fakeClock } from '../support/clock.js';

/** An answer that was dated this far ahead of our clock. */
function dated(aheadMs: number, clock = fakeClock()) {
  const date = new Date(clock.now() + aheadMs).toUTCString();
  return { url: 'https://auth.example/token', status: 200, headers: new Headers({ date }), body: '' };
}

test.each([
  [3_600_000, 3_600_000],
  [-60_000, -60_000],
  [10_000, 10_000],
  [9_000, 0],
  [-9_000, 0],
])('R-92 a server that is %d ms ahead is taken to be %d ms ahead', (aheadMs, skewMs) => {
  const time = serverTime(fakeClock());

  time.learn(dated(aheadMs));

  expect(time.skewMs).toBe(skewMs);
});

test('R-92 what was learnt changes when the clocks do, not with each second that an answer takes', () => {
  const time = serverTime(fakeClock());

  const learnt = [60_000, 62_000, 55_000, 120_000, 1_000, 2_000].map((aheadMs) => {
    time.learn(dated(aheadMs));
    return time.skewMs;
  });

  expect(learnt).toEqual([60_000, 60_000, 60_000, 120_000, 0, 0]);
});

test.each([
  undefined,
  { ...dated(0), headers: new Headers() },
  { ...dated(0), headers: new Headers({ date: 'soon' }) },
])('nothing is learnt of no answer and no date', (reply) => {
  const time = serverTime(fakeClock());
  time.learn(dated(60_000));

  time.learn(reply);

  expect(time.skewMs).toBe(60_000);
});
