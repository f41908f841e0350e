import { describe, expect, test } from '@jest/globals';

import { withDeadline } from '../../src/core/abort.js';
import { type Clock, systemClock } from '../../src/core/clock.js';
import { GrantRejectedError, GrantUnavailableError, InvalidTokenResponseError } from '../../src/core/errors.js';
import { type RetryLayerOptions, withRetry } from '../../src/layers/retry.js';
import { tokenSourceContract } from '../contracts/token-source.js';
import { fakeClock } from '../support/clock.js';
import { failureOf } from '../support/grant-outcome.js';
import { issue, manualSource, settle } from '../support/tokens.js';

tokenSourceContract('withRetry', withRetry());

/** A retrying source whose attempts fail with these errors in turn and then succeed; time passes only in its sleeps. */
async function attempt(errors: readonly Error[], options: RetryLayerOptions = {}, attemptMs = 0) {
  const [source, clock] = [manualSource(), fakeClock()];
  const tokens = withRetry({ clock, random: () => 1, ...options })(source);
  const answer = tokens.getToken().then(
    ({ value }) => value,
    (error: unknown) => error,
  );
  for (const error of errors) {
    const calls = source.calls.length;
    clock.advance(attemptMs);
    source.last().reject(error);
    await settle();
    clock.advance(clock.sleeps.at(-1) ?? 0);
    await settle();
    if (source.calls.length === calls) break;
  }
  source.last().resolve(issue('token', clock));
  return { outcome: await answer, attempts: source.calls.length, sleeps: clock.sleeps };
}

const away = new GrantUnavailableError('away', { status: 503 });

/** A retrying source over one that fails; `ask` tells how many attempts a call makes. */
function failing(error: Error) {
  const clock = fakeClock();
  let current: Error | undefined = error;
  let attempts = 0;
  const tokens = withRetry({ clock: { ...clock, sleep: () => Promise.resolve() } })({
    async getToken() {
      attempts += 1;
      if (current !== undefined) throw current;
      return issue('token', clock);
    },
  });

  return {
    ask: async (): Promise<number> => {
      attempts = 0;
      await tokens.getToken().catch(() => undefined);
      return attempts;
    },
    failWith: (other: Error): void => {
      current = other;
    },
    succeed: async (): Promise<void> => {
      current = undefined;
      await tokens.getToken();
      current = error;
    },
  };
}

describe('an attempt that fails for a reason that may pass', () => {
  test.each([
    ['a 5xx [A1]', away],
    ['a success that is no token response [A9]', new InvalidTokenResponseError('HTML')],
    ['no connection [B1 B2]', new GrantUnavailableError('refused', { cause: { code: 'ECONNREFUSED' } })],
  ])('is followed by another one: %s', async (_name, error) => {
    const { outcome, attempts } = await attempt([error]);

    expect(outcome).toBe('token');
    expect(attempts).toBe(2);
  });

  test('is followed by two others at most, after up to 200 and 400 ms [A1]', async () => {
    const { outcome, attempts, sleeps } = await attempt([away, away, away, away]);

    expect(outcome).toBe(away);
    expect(attempts).toBe(3);
    expect(sleeps).toEqual([200, 400]);
  });

  // What Node says when the server had closed a connection that was idle.
  test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])('is followed at once by another one: %s [B3]', async (code) => {
    const reset = new GrantUnavailableError('reset', { cause: { message: 'fetch failed', cause: { code } } });

    const { sleeps } = await attempt([reset, reset]);

    expect(sleeps).toEqual([0, 400]);
  });

  test('is followed by another one when the server wants it, if that is soon [A4]', async () => {
    const busy = new GrantUnavailableError('busy', { status: 429, retryAfterMs: 5_000 });

    const { outcome, sleeps } = await attempt([busy]);

    expect(outcome).toBe('token');
    expect(sleeps).toEqual([5_000]);
  });

  test('is the outcome when the server wants to be left alone for longer [A4]', async () => {
    const busy = new GrantUnavailableError('busy', { status: 429, retryAfterMs: 5_001 });

    const { outcome, attempts } = await attempt([busy]);

    expect(outcome).toBe(busy);
    expect(attempts).toBe(1);
  });

  test('is the outcome when the deadline would pass before the next one [A24]', async () => {
    const { attempts } = await attempt([away, away, away], { deadlineMs: 15_000 }, 7_300);

    expect(attempts).toBe(2);
  });

  test.each([
    { deadlineMs: 200, expected: 1 },
    { deadlineMs: 201, expected: 2 },
  ])('is one of $expected when the next would begin after 200 of $deadlineMs ms [A24]', async (given) => {
    const { attempts } = await attempt([away], { deadlineMs: given.deadlineMs });

    expect(attempts).toBe(given.expected);
  });
});

describe('an attempt that fails for good', () => {
  test.each([
    ['a refusal [A6]', new GrantRejectedError('no', { status: 400, error: 'invalid_scope' })],
    ['a certificate that is not trusted [B1]', new GrantUnavailableError('no', { retryable: false })],
    ['an error of somebody else', new Error('a bug')],
  ])('is the outcome: %s', async (_name, error) => {
    const { outcome, attempts } = await attempt([error]);

    expect(outcome).toBe(error);
    expect(attempts).toBe(1);
  });
});

describe('an outage', () => {
  test('costs the server fewer attempts with each call that fails, down to one [A2]', async () => {
    const { ask } = failing(away);

    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([3, 2, 1, 1]);
  });

  test('that is over leaves the next calls all their attempts [A1]', async () => {
    const { ask, succeed } = failing(away);
    await ask();
    await ask();

    await succeed();

    expect(await ask()).toBe(3);
  });

  test('is not what a refusal is [A6]', async () => {
    const server = failing(new GrantRejectedError('no', { status: 400 }));
    await server.ask();

    server.failWith(away);

    expect(await server.ask()).toBe(3);
  });
});

test('tells the source below when the deadline has passed [A24 B4]', async () => {
  const tokens = withRetry({ deadlineMs: 20 })({
    getToken: (_request, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(new GrantUnavailableError('too late')));
      }),
  });

  await expect(tokens.getToken()).rejects.toThrow('too late');
});

test('ends a wait when the caller gives up', async () => {
  const [source, clock, caller] = [manualSource(), fakeClock(), new AbortController()];
  const answer = withRetry({ clock })(source).getToken(undefined, { signal: caller.signal });
  source.last().reject(away);
  await settle();

  caller.abort(new Error('gone'));

  await expect(answer).rejects.toThrow('gone');
});

/** A retrying source whose first attempt fails within a deadline of somebody above, and that has to wait for the next one. */
async function waitingWithin(signal: AbortSignal, clock: Clock = fakeClock()) {
  const source = manualSource();
  const tokens = withRetry({ clock, random: () => 1 })(source);
  const answer = failureOf(tokens.getToken(undefined, { signal }));
  source.last().reject(new GrantUnavailableError('busy', { status: 429, retryAfterMs: 5_000 }));
  await settle();
  return { source, tokens, answer };
}

test('a wait that a shorter deadline than its own ends has the outcome of the last attempt, and costs the next call a retry [A24]', async () => {
  const clock = fakeClock();
  const { answer, source, tokens } = await withDeadline(20, undefined, async (signal) => {
    const waiting = await waitingWithin(signal, clock);
    await waiting.answer;
    return waiting;
  });

  const next = tokens.getToken();
  source.last().reject(away);
  await settle();
  clock.advance(200);
  await settle();
  source.last().reject(new GrantUnavailableError('away still'));

  expect(await answer).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryAfterMs: 5_000 });
  await expect(next).rejects.toThrow('away still');
});

test.each([
  ['the clock of this machine', systemClock],
  ['another clock', fakeClock()],
])('a wait that the caller limits ends with the reason of its signal, by %s [B6]', async (_name, clock) => {
  const signal = AbortSignal.timeout(20);

  const { answer } = await waitingWithin(signal, clock);

  expect(await answer).toBe(signal.reason);
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});
