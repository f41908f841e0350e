import { describe, expect, test } from '@jest/globals';

import {
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  type TokenError,
} from '../../src/core/errors.js';
import { type NegativeCacheOptions, withNegativeCache } from '../../src/layers/negative-cache.js';
import { tokenSourceContract } from '../contracts/token-source.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

tokenSourceContract('withNegativeCache', withNegativeCache());

const second = 1_000;
const refusal = new GrantRejectedError('no', { status: 400, error: 'invalid_scope' });
const outage = new GrantUnavailableError('away', { status: 503 });

function cooled(options: NegativeCacheOptions = {}) {
  const [source, clock] = [manualSource(), fakeClock()];
  const tokens = withNegativeCache({ clock, random: () => 0.5, ...options })(source);
  const ask = (scope = 'a') => tokens.getToken({ scope }).catch((error: unknown) => error as TokenError);
  const failWith = async (error: Error) => {
    const answer = ask();
    await settle();
    source.last().reject(error);
    return (await answer) as TokenError;
  };
  return { source, clock, tokens, ask, failWith };
}

const fingerprint = (read: () => Promise<string>) => ({ fingerprint: read });

/** How long the first few failures in a row keep others from asking. */
async function waitsAfter(error: Error, options?: NegativeCacheOptions): Promise<number[]> {
  const { clock, failWith } = cooled(options);
  const waits: number[] = [];
  for (let count = 0; count < 7; count += 1) {
    const { retryAfterMs = 0 } = await failWith(error);
    waits.push(retryAfterMs / second);
    clock.advance(retryAfterMs);
  }
  return waits;
}

describe('a rejected grant', () => {
  test('is cached: a hundred calls in a second cause one grant [A6 A7]', async () => {
    const { source, clock, ask, failWith } = cooled();
    await failWith(refusal);

    for (let count = 0; count < 99; count += 1) {
      clock.advance(10);
      expect(await ask()).toMatchObject({ code: 'ERR_GRANT_REJECTED', error: 'invalid_scope', status: 400 });
    }

    expect(source.calls).toHaveLength(1);
  });

  test('is cached for 5 s, doubling up to 60 s while the same error repeats [A7]', async () => {
    expect(await waitsAfter(refusal)).toEqual([5, 10, 20, 40, 60, 60, 60]);
  });

  test('is cached for 5 s ± 50 %, so that replicas do not retry together [A7]', async () => {
    const [shortest] = await waitsAfter(refusal, { random: () => 0 });
    const [longest] = await waitsAfter(refusal, { random: () => 1 });

    expect([shortest, longest]).toEqual([2.5, 7.5]);
  });

  test('is forgotten when the credentials change [A7]', async () => {
    let credentials = 'old';
    const { source, ask, failWith } = cooled({ credentials: fingerprint(() => Promise.resolve(credentials)) });
    await failWith(refusal);

    credentials = 'new';
    void ask();
    await settle();

    expect(source.calls).toHaveLength(2);
  });

  test('does not affect other token requests', async () => {
    const { source, ask, failWith } = cooled();
    await failWith(refusal);

    void ask('b');
    await settle();

    expect(source.calls).toHaveLength(2);
  });

  test('is forgotten after a success', async () => {
    const { source, clock, ask, failWith } = cooled();
    await failWith(refusal);
    clock.advance(5 * second);
    const answer = ask();
    await settle();
    source.last().resolve(issue('token', clock));
    await answer;

    expect(await failWith(refusal)).toMatchObject({ retryAfterMs: 5 * second });
  });
});

describe('an outage', () => {
  test('is cached for up to 1 s, doubling up to 9.5 s [A2 A40]', async () => {
    expect(await waitsAfter(outage, { random: () => 1 })).toEqual([1, 2, 4, 8, 9.025, 9.025, 9.025]);
  });

  test('is cached for the Retry-After of the server [A4]', async () => {
    const waits = await waitsAfter(new GrantUnavailableError('busy', { status: 503, retryAfterMs: 90 * second }));

    expect(waits[0]).toBe(90);
  });

  test('fails later calls with the remaining time [A3]', async () => {
    const { source, clock, ask, failWith } = cooled({ random: () => 1 });
    await failWith(outage);
    clock.advance(400);

    expect(await ask()).toMatchObject({ message: 'away', status: 503, retryable: true, retryAfterMs: 600 });
    expect(source.calls).toHaveLength(1);
  });

  test('starts a new count after a rejected grant', async () => {
    const { clock, failWith } = cooled({ random: () => 1 });
    await failWith(refusal);
    clock.advance(60 * second);

    expect(await failWith(outage)).toMatchObject({ retryAfterMs: 1 * second });
  });
});

describe('the first call after a token has expired', () => {
  /** A failure, and calls that replace a token which has expired since then. */
  async function failed(error: Error) {
    const { source, clock, failWith, tokens } = cooled({ random: () => 1 });
    await failWith(error);
    const expired = issue('expired', clock, 0);
    const replace = (replacing = expired) =>
      tokens.getToken({ scope: 'a' }, { replacing }).catch((reason: unknown) => reason);
    return { source, clock, replace };
  }

  test('makes one attempt despite the backoff, and the next call makes none [A40]', async () => {
    const { source, replace } = await failed(outage);

    const first = replace();
    await settle();
    expect(source.calls).toHaveLength(2);
    source.last().reject(outage);
    expect(await first).toMatchObject({ retryAfterMs: 9.5 * second });
    expect(await replace()).toMatchObject({ message: 'away' });

    expect(source.calls).toHaveLength(2);
  });

  test('makes one attempt for each expired token [A40]', async () => {
    const { source, clock, replace } = await failed(outage);
    void replace();
    await settle();
    source.last().reject(outage);
    await settle();

    void replace(issue('another', clock, 0));
    await settle();

    expect(source.calls).toHaveLength(3);
  });

  test('makes no attempt during a Retry-After [A4 A40]', async () => {
    const { source, replace } = await failed(
      new GrantUnavailableError('busy', { status: 503, retryAfterMs: 90 * second }),
    );

    expect(await replace()).toMatchObject({ message: 'busy', retryAfterMs: 90 * second });
    expect(source.calls).toHaveLength(1);
  });

  test('does not shorten the pause after a rejection, if it fails in another way [A7 A40]', async () => {
    const { source, clock, replace } = await failed(refusal);
    const rejectedMs = 7.5 * second;
    clock.advance(2 * second);
    const attempt = replace();
    await settle();
    source.last().reject(new GrantUnavailableError('the secret could not be read', { retryAfterMs: second }));

    expect(await attempt).toMatchObject({ retryAfterMs: rejectedMs - 2 * second });
    clock.advance(3 * second);
    await replace();
    expect(source.calls).toHaveLength(2);
  });

  test('lets a changed secret end that pause, but not the backoff of the later failure [A7 A40]', async () => {
    let secret = 'old';
    const { source, clock, ask, failWith, tokens } = cooled({ credentials: fingerprint(async () => secret) });
    await failWith(refusal);
    const attempt = tokens.getToken({ scope: 'a' }, { replacing: issue('expired', clock, 0) });
    await settle();
    source.last().reject(new GrantUnavailableError('busy', { retryAfterMs: second }));
    await expect(attempt).rejects.toThrow('busy');
    secret = 'new';

    await ask();
    expect(source.calls).toHaveLength(2);
    clock.advance(second);
    void ask();
    await settle();
    expect(source.calls).toHaveLength(3);
  });

  test('is not a call that replaces a valid token: that makes no attempt [A2]', async () => {
    const { source, clock, replace } = await failed(outage);

    expect(await replace(issue('valid', clock))).toMatchObject({ message: 'away' });
    expect(source.calls).toHaveLength(1);
  });
});

test('remembers a bounded number of requests, and forgets the oldest [D13]', async () => {
  const { source, ask } = cooled({ random: () => 1 });
  for (let count = 0; count <= 1_000; count += 1) {
    const answer = ask(`scope-${count}`);
    await settle();
    source.last().reject(refusal);
    await answer;
  }

  await ask('scope-1');
  expect(source.calls).toHaveLength(1_001);
  void ask('scope-0');
  await settle();

  expect(source.calls).toHaveLength(1_002);
});

test('does not cache an error that is no TokenError', async () => {
  const { source, ask, failWith } = cooled();
  await failWith(new Error('a bug'));

  void ask();
  await settle();

  expect(source.calls).toHaveLength(2);
});

describe('credentials', () => {
  test('that cannot be read do not change the rejection, which is cached [A7]', async () => {
    const { source, ask, failWith } = cooled({
      credentials: fingerprint(() => Promise.reject(new Error('vault away'))),
    });

    expect(await failWith(refusal)).toMatchObject({ error: 'invalid_scope', retryAfterMs: 5 * second });
    expect(await ask()).toMatchObject({ error: 'invalid_scope' });
    expect(source.calls).toHaveLength(1);
  });

  test('whose read never completes do not block a call [A7 B6]', async () => {
    let looks = 0;
    const { failWith } = cooled({
      credentials: fingerprint(() => {
        looks += 1;
        return new Promise(() => {});
      }),
    });

    expect(await failWith(refusal)).toMatchObject({ error: 'invalid_scope' });
    expect(looks).toBe(1);
  });

  test('are read at most once a second [A7]', async () => {
    let looks = 0;
    const { clock, ask, failWith } = cooled({
      credentials: fingerprint(() => Promise.resolve(String((looks += 1) && 'same'))),
    });
    await failWith(refusal);

    for (let count = 0; count < 100; count += 1) {
      await ask();
      clock.advance(10);
    }

    expect(looks).toBe(2);
  });

  test('are read again after that second, and not before [A7]', async () => {
    let credentials = 'old';
    const { source, clock, ask, failWith } = cooled({ credentials: fingerprint(() => Promise.resolve(credentials)) });
    await failWith(refusal);
    await ask();
    credentials = 'new';

    clock.advance(999);
    await ask();
    expect(source.calls).toHaveLength(1);
    clock.advance(1);
    void ask();
    await settle();

    expect(source.calls).toHaveLength(2);
  });

  test('that can no longer be read do not end the cached rejection [A7]', async () => {
    let look = () => Promise.resolve('old');
    const { source, ask, failWith } = cooled({ credentials: fingerprint(() => look()) });
    await failWith(refusal);

    look = () => Promise.reject(new Error('vault away'));

    expect(await ask()).toMatchObject({ error: 'invalid_scope' });
    expect(source.calls).toHaveLength(1);
  });

  test('are tried after 1 s, 2 s, 4 s and so on, if they change at each reading and are rejected each time', async () => {
    let looks = 0;
    const { source, clock, ask } = cooled({
      credentials: fingerprint(() => Promise.resolve(String((looks += 1)))),
      random: () => 0.999,
    });
    for (let elapsedMs = 0; elapsedMs < 7 * second; elapsedMs += 50) {
      const answer = ask();
      await settle();
      source.last().reject(refusal);
      await answer;
      clock.advance(50);
    }

    // The first one, one at once, and then those after 1 s, 2 s and 4 s; the pause itself ends after 7.5 s.
    expect(source.calls.length).toBeGreaterThanOrEqual(4);
    expect(source.calls.length).toBeLessThanOrEqual(5);
  });

  test('are not read after the cached rejection has ended', async () => {
    let looks = 0;
    const { source, clock, ask, failWith } = cooled({
      credentials: fingerprint(() => Promise.resolve(String((looks += 1)))),
    });
    await failWith(refusal);

    clock.advance(5 * second);
    void ask();
    await settle();

    expect(source.calls).toHaveLength(2);
    expect(looks).toBe(1);
  });
});

test.each([
  [
    'a rejection for another reason',
    refusal,
    new GrantRejectedError('no', { status: 401, error: 'invalid_client' }),
    5,
  ],
  ['an invalid token response after an outage', outage, new InvalidTokenResponseError('HTML'), 0.5],
  ['a permanent failure after an outage', outage, new GrantUnavailableError('no', { retryable: false }), 5],
])('%s starts a new count [A2 A7]', async (_name, first, other, seconds) => {
  const { clock, failWith } = cooled();
  await failWith(first);
  clock.advance(60 * second);

  expect(await failWith(other)).toMatchObject({ retryAfterMs: seconds * second });
});
