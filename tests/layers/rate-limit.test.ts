import { expect, test } from '@jest/globals';

import { GrantRejectedError, GrantUnavailableError } from '../../src/core/errors.js';
import { withRateLimit } from '../../src/layers/rate-limit.js';
import { tokenSourceContract } from '../contracts/token-source.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

tokenSourceContract('withGate', withRateLimit());

const second = 1_000;

function gated() {
  const [source, clock] = [manualSource(), fakeClock()];
  const tokens = withRateLimit({ clock })(source);
  const ask = (scope: string) => tokens.getToken({ scope }).catch((error: unknown) => error);
  const failWith = async (error: Error) => {
    const answer = ask('a');
    source.last().reject(error);
    return answer;
  };
  return { source, clock, ask, failWith };
}

test('sends no grant for any token request during a Retry-After [A4]', async () => {
  const { source, clock, ask, failWith } = gated();
  await failWith(new GrantUnavailableError('busy', { status: 503, retryAfterMs: 60 * second }));
  clock.advance(20 * second);

  const other = await ask('b');

  expect(source.calls).toHaveLength(1);
  expect(other).toMatchObject({ message: 'busy', status: 503, retryAfterMs: 40 * second });
});

test('sends grants again after the Retry-After [A4]', async () => {
  const { source, clock, ask, failWith } = gated();
  await failWith(new GrantUnavailableError('busy', { status: 503, retryAfterMs: 60 * second }));
  clock.advance(60 * second);

  void ask('b');
  await settle();

  expect(source.calls).toHaveLength(2);
});

test('stops grants for 5 s, doubling up to 60 s, after a 429 without Retry-After [A5]', async () => {
  const { clock, failWith } = gated();
  const waits: unknown[] = [];

  for (let count = 0; count < 6; count += 1) {
    const error = (await failWith(new GrantUnavailableError('rate limited', { status: 429 }))) as GrantUnavailableError;
    waits.push(error.retryAfterMs);
    clock.advance(error.retryAfterMs ?? 0);
  }

  expect(waits).toEqual([5, 10, 20, 40, 60, 60].map((seconds) => seconds * second));
});

test('starts at 5 s again after a success [A5]', async () => {
  const { source, clock, ask, failWith } = gated();
  const limit = new GrantUnavailableError('rate limited', { status: 429 });
  await failWith(limit);
  clock.advance(5 * second);
  const success = ask('a');
  source.last().resolve(issue('token', clock));
  await success;

  expect(await failWith(limit)).toMatchObject({ retryAfterMs: 5 * second });
});

test('does not start again after the success of a grant that began before the 429 [A5]', async () => {
  const { source, clock, ask, failWith } = gated();
  const limit = new GrantUnavailableError('rate limited', { status: 429 });
  const [first, second_] = [ask('a'), ask('b')];
  source.calls[0]?.reject(limit);
  await first;
  source.calls[1]?.resolve(issue('token', clock));
  await second_;
  clock.advance(5 * second);

  expect(await failWith(limit)).toMatchObject({ retryAfterMs: 10 * second });
});

test.each([
  ['a 503 without Retry-After', new GrantUnavailableError('away', { status: 503 })],
  ['a 429 with a Retry-After of 0', new GrantUnavailableError('rate limited', { status: 429, retryAfterMs: 0 })],
  ['a rejected grant', new GrantRejectedError('no', { status: 400, retryAfterMs: 60 * second })],
])('passes on other errors and stops no grants: %s', async (_name, error) => {
  const { source, ask, failWith } = gated();
  expect(await failWith(error)).toBe(error);

  void ask('b');
  await settle();

  expect(source.calls).toHaveLength(2);
});

test('continues the pause if a grant that began before succeeds [A4]', async () => {
  const { source, clock, ask } = gated();
  const [first, second_] = [ask('a'), ask('b')];
  source.calls[0]?.reject(new GrantUnavailableError('busy', { status: 429, retryAfterMs: 60 * second }));
  await first;

  source.calls[1]?.resolve(issue('token', clock));
  await second_;

  expect(await ask('c')).toMatchObject({ retryAfterMs: 60 * second });
});

test('does not shorten the pause for a later, shorter Retry-After [A4]', async () => {
  const { source, ask } = gated();
  const [first, second_] = [ask('a'), ask('b')];
  source.calls[0]?.reject(new GrantUnavailableError('busy', { status: 503, retryAfterMs: 60 * second }));
  await first;

  source.calls[1]?.reject(new GrantUnavailableError('busy', { status: 503, retryAfterMs: 1 * second }));

  expect(await second_).toMatchObject({ retryAfterMs: 60 * second });
});

test('counts concurrent 429s as one [A5]', async () => {
  const { source, ask } = gated();
  const answers = Array.from({ length: 10 }, (_none, index) => ask(`scope-${index}`));
  source.calls.forEach((call) => call.reject(new GrantUnavailableError('rate limited', { status: 429 })));

  const errors = (await Promise.all(answers)) as GrantUnavailableError[];

  expect(Math.max(...errors.map(({ retryAfterMs = 0 }) => retryAfterMs))).toBe(5 * second);
});
