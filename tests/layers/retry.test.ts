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

describe('a transient failure', () => {
  test.each([
    ['a 5xx [A1]', away],
    ['an invalid token response [A9]', new InvalidTokenResponseError('HTML')],
    ['no connection [B1 B2]', new GrantUnavailableError('refused', { cause: { code: 'ECONNREFUSED' } })],
  ])('is followed by another attempt: %s', async (_name, error) => {
    const { outcome, attempts } = await attempt([error]);

    expect(outcome).toBe('token');
    expect(attempts).toBe(2);
  });

  test('is followed by at most two attempts, after up to 200 and 400 ms [A1]', async () => {
    const { outcome, attempts, sleeps } = await attempt([away, away, away, away]);

    expect(outcome).toBe(away);
    expect(attempts).toBe(3);
    expect(sleeps).toEqual([200, 400]);
  });

  // What Node says when the server had closed a connection that was idle.
  test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])('is retried at once if it is %s [B3]', async (code) => {
    const reset = new GrantUnavailableError('reset', { cause: { message: 'fetch failed', cause: { code } } });

    const { sleeps } = await attempt([reset, reset]);

    expect(sleeps).toEqual([0, 400]);
  });

  test('is retried after a Retry-After of up to 5 s [A4]', async () => {
    const busy = new GrantUnavailableError('busy', { status: 429, retryAfterMs: 5_000 });

    const { outcome, sleeps } = await attempt([busy]);

    expect(outcome).toBe('token');
    expect(sleeps).toEqual([5_000]);
  });

  test('is the result if the Retry-After is longer [A4]', async () => {
    const busy = new GrantUnavailableError('busy', { status: 429, retryAfterMs: 5_001 });

    const { outcome, attempts } = await attempt([busy]);

    expect(outcome).toBe(busy);
    expect(attempts).toBe(1);
  });

  test('is the result if the deadline would pass before the next attempt [A24]', async () => {
    const { attempts } = await attempt([away, away, away], { deadlineMs: 15_000 }, 7_300);

    expect(attempts).toBe(2);
  });

  test.each([
    { deadlineMs: 200, expected: 1 },
    { deadlineMs: 201, expected: 2 },
  ])('leads to $expected attempts if the second would begin after 200 of $deadlineMs ms [A24]', async (given) => {
    const { attempts } = await attempt([away], { deadlineMs: given.deadlineMs });

    expect(attempts).toBe(given.expected);
  });
});

describe('a permanent failure', () => {
  test.each([
    ['a rejected grant [A6]', new GrantRejectedError('no', { status: 400, error: 'invalid_scope' })],
    ['a certificate that is not trusted [B1]', new GrantUnavailableError('no', { retryable: false })],
    ['an error that is no TokenError', new Error('a bug')],
  ])('is the result: %s', async (_name, error) => {
    const { outcome, attempts } = await attempt([error]);

    expect(outcome).toBe(error);
    expect(attempts).toBe(1);
  });
});

describe('an outage', () => {
  test('causes one attempt fewer with each failed call, down to one [A2]', async () => {
    const { ask } = failing(away);

    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([3, 2, 1, 1]);
  });

  test('that has ended takes no attempts from later calls [A1]', async () => {
    const { ask, succeed } = failing(away);
    await ask();
    await ask();

    await succeed();

    expect(await ask()).toBe(3);
  });

  test('differs from a rejected grant, which takes no attempts from later calls [A6]', async () => {
    const server = failing(new GrantRejectedError('no', { status: 400 }));
    await server.ask();

    server.failWith(away);

    expect(await server.ask()).toBe(3);
  });
});

test('aborts the signal of the inner source at the deadline [A24 B4]', async () => {
  const tokens = withRetry({ deadlineMs: 20 })({
    getToken: (_request, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(new GrantUnavailableError('too late')));
      }),
  });

  await expect(tokens.getToken()).rejects.toThrow('too late');
});

test('ends a wait when the caller aborts its signal', async () => {
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

test('a wait that an outer deadline ends fails with the last error, and takes a retry from the next call [A24]', async () => {
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
])('a wait that the caller aborts fails with the reason of its signal, on %s [B6]', async (_name, clock) => {
  const signal = AbortSignal.timeout(20);

  const { answer } = await waitingWithin(signal, clock);

  expect(await answer).toBe(signal.reason);
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});
