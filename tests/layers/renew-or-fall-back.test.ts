import { expect, test } from '@jest/globals';

import { renewOrFallBack } from '../../src/layers/renew-or-fall-back.js';
import { fakeClock } from '../support/clock.js';
import { failureOf } from '../support/grant-outcome.js';
import { issue, manualSource, settle } from '../support/tokens.js';

const second = 1_000;

/** A token with twenty seconds left and its renewal, which ends when and how the test says. */
function renewing() {
  const clock = fakeClock();
  const token = issue('old', clock, 20 * second);
  const source = manualSource();
  const answer = renewOrFallBack(source.getToken(), token, clock);
  return { clock, token, renewal: source.last(), answer };
}

test('returns the renewed token if it arrives within half of the remaining validity [A24]', async () => {
  const { clock, renewal, answer } = renewing();

  clock.advance(9.9 * second);
  renewal.resolve(issue('new', clock));

  expect((await answer).value).toBe('new');
});

test('returns the current token after half of its remaining validity, also if the renewal fails later [A24]', async () => {
  const { clock, token, renewal, answer } = renewing();

  clock.advance(10 * second);
  expect(await answer).toBe(token);
  renewal.reject(new Error('away'));
  // Jest fails a test that leaves a rejection unhandled.
  await settle();
});

test('fails if the renewal fails before that', async () => {
  const { renewal, answer } = renewing();

  renewal.reject(new Error('away'));

  expect(await failureOf(answer)).toEqual(new Error('away'));
});

test('does not return a token that expired while the process was suspended [C2]', async () => {
  const { clock, renewal, answer } = renewing();

  clock.advance(20 * second);
  await settle();
  renewal.resolve(issue('new', clock));

  expect((await answer).value).toBe('new');
});

test('leaves no timer behind', async () => {
  const clock = fakeClock();
  const token = issue('old', clock);
  let woken: AbortSignal | undefined;
  const sleep: typeof clock.sleep = (ms, signal) => clock.sleep(ms, (woken = signal));

  await renewOrFallBack(Promise.resolve(token), token, { ...clock, sleep });

  expect(woken?.aborted).toBe(true);
});
