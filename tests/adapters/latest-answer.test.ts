import { expect, test } from '@jest/globals';

import { LatestAnswer } from '../../src/adapters/latest-answer.js';
import { fakeClock } from '../support/clock.js';
import { issue } from '../support/tokens.js';

const clock = fakeClock();

test('knows what a promise holds once that was waited for, until there is another [C3]', async () => {
  const [one, two] = [issue('one', clock), issue('two', clock)];
  const [first, second] = [Promise.resolve(one), Promise.resolve(two)];
  const latest = new LatestAnswer();

  const before = latest.known(first);
  const waited = [await latest.wait(first), latest.known(first), latest.known(second)];
  await latest.wait(second);

  expect(before).toBeUndefined();
  expect(waited).toEqual([one, one, undefined]);
  expect([latest.known(first), latest.known(second)]).toEqual([undefined, two]);
});

test('knows nothing of a promise that was rejected', async () => {
  const latest = new LatestAnswer();
  const refused = Promise.reject(new Error('no token'));

  await expect(latest.wait(refused)).rejects.toThrow('no token');

  expect(latest.known(refused)).toBeUndefined();
});
