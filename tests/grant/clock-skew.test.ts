import { expect, test } from '@jest/globals';

import { serverTime } from '../../src/grant/clock-skew.js';
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
])('a server that is %d ms ahead is taken to be %d ms ahead [R-92]', (aheadMs, skewMs) => {
  const time = serverTime(fakeClock());

  time.learn(dated(aheadMs), 0);

  expect(time.skewMs).toBe(skewMs);
});

test('what was refused with the right time is not refused for its time: then our own clock counts again [R-92]', () => {
  const time = serverTime(fakeClock());

  time.learn(dated(60_000), 0);
  time.learn(dated(62_000), 60_000);

  expect(time.skewMs).toBe(0);
});

test('a clock that was set since is read anew [R-92]', () => {
  const time = serverTime(fakeClock());

  time.learn(dated(60_000), 0);
  time.learn(dated(120_000), 60_000);

  expect(time.skewMs).toBe(120_000);
});

test('two that are refused at the same time learn the same [R-92]', () => {
  const time = serverTime(fakeClock());

  time.learn(dated(60_000), 0);
  time.learn(dated(60_000), 0);

  expect(time.skewMs).toBe(60_000);
});

test.each([
  undefined,
  { ...dated(0), headers: new Headers() },
  { ...dated(0), headers: new Headers({ date: 'soon' }) },
])('nothing is learnt of no answer and no date', (reply) => {
  const time = serverTime(fakeClock());
  time.learn(dated(60_000), 0);

  time.learn(reply, 60_000);

  expect(time.skewMs).toBe(60_000);
});
