import { describe, expect, test } from '@jest/globals';

import { asClientAuthentication } from '../../src/authentication/client-authentication.js';
import { AccessToken } from '../../src/core/access-token.js';
import { systemClock } from '../../src/core/clock.js';
import { GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { canonicalRequest } from '../../src/core/token-request.js';
import type { Layer, TokenSource } from '../../src/core/token-source.js';
import { withCache } from '../../src/layers/cache.js';
import { withNegativeCache } from '../../src/layers/negative-cache.js';
import { withRateLimit } from '../../src/layers/rate-limit.js';
import type { CachedTokens } from '../../src/layers/cached-tokens.js';
import { cachedTokensOf, tokenCache, type TokenCacheOptions } from '../../src/layers/token-cache.js';
import { sharingContract, tokenSourceContract } from '../contracts/token-source.js';
import { fakeClock, type FakeClock } from '../support/clock.js';
import { issue, type ManualSource, manualSource, settle } from '../support/tokens.js';
import { collectNotable } from '../support/events.js';

const layer: Layer = (inner) => withCache(tokenCache())(inner);
tokenSourceContract('withCache', layer);
sharingContract('withCache', layer);

const hour = 3_600_000;
const second = 1_000;

interface Cached {
  readonly tokens: TokenSource;
  readonly cache: CachedTokens;
  readonly source: ManualSource;
  readonly clock: FakeClock;
  readonly events: readonly TokenEvent[];
}

/** A layer between the cache and the source. */
type Below = (inner: TokenSource, clock: FakeClock) => TokenSource;

const limited: Below = (inner, clock) => withRateLimit({ clock })(inner);

/** A cache without jitter above a source that the test answers. */
function cached(options: TokenCacheOptions = {}, below: Below = (inner) => inner): Cached {
  const [source, clock] = [manualSource(), fakeClock()];
  const events: TokenEvent[] = [];
  const cache = tokenCache({ clock, random: () => 0, onEvent: collectNotable(events), ...options });
  const tokens = withCache(cache)(below(source, clock));
  return { tokens, cache: cachedTokensOf(cache), source, clock, events };
}

/** The same, with a token in it. */
async function holding(
  lifetimeMs: number,
  options?: TokenCacheOptions,
  below?: Below,
): Promise<Cached & { readonly token: AccessToken }> {
  const made = cached(options, below);
  const first = made.tokens.getToken();
  const token = issue('first', made.clock, lifetimeMs);
  made.source.last().resolve(token);
  await first;
  return { ...made, token };
}

test.each([
  ['without a token to replace', undefined],
  ['that replace an older token', issue('old', fakeClock())],
])('callers %s share the token that is arriving, whenever they call [D3]', async (_name, replacing) => {
  const [source, clock] = [manualSource(), fakeClock()];
  const tokens = withCache(tokenCache({ clock, random: () => 0 }))(source);
  const answers = [tokens.getToken()];
  await settle();

  source.last().resolve(issue('first', clock));
  for (let turn = 0; turn < 30; turn += 1) {
    answers.push(tokens.getToken(undefined, { replacing }));
    await Promise.resolve();
  }

  expect(new Set((await Promise.all(answers)).map(({ value }) => value))).toEqual(new Set(['first']));
  expect(source.calls).toHaveLength(1);
});

describe('a token outside the refresh windows', () => {
  test('is returned without a call of the inner source', async () => {
    const { tokens, source, clock, token } = await holding(hour);

    for (let second_ = 0; second_ < 3_000; second_ += 7) {
      clock.advance(7 * second);
      expect(await tokens.getToken()).toBe(token);
    }

    expect(source.calls).toHaveLength(1);
  });

  test('is returned for an equal token request in another spelling', async () => {
    const { tokens, source, clock } = cached();
    const first = tokens.getToken({ scope: 'b a', resource: 'https://x.example/' });
    await settle();
    source.last().resolve(issue('t', clock));
    await first;

    const again = await tokens.getToken({ resource: ['https://x.example/'], scope: ['a', 'b', 'a'], parameters: {} });

    expect(again.value).toBe('t');
  });

  test('is not returned for another token request, also if two alternate', async () => {
    const { tokens, source, clock } = cached();
    const [a, b] = [canonicalRequest({ scope: 'a' }), canonicalRequest({ scope: 'b' })];
    for (const request of [a, b]) {
      const first = tokens.getToken(request);
      await settle();
      source.last().resolve(issue(request.scope as string, clock));
      await first;
    }

    for (const request of [a, b, b, a, a, b]) expect((await tokens.getToken(request)).value).toBe(request.scope);
    expect(source.calls).toHaveLength(2);
  });
});

describe('a token in the advisory refresh window', () => {
  test('is returned while one renewal runs in the background', async () => {
    const { tokens, source, clock, token } = await holding(hour);
    clock.advance(hour - 300 * second);

    const answers = await Promise.all(Array.from({ length: 100 }, () => tokens.getToken()));

    expect(new Set(answers)).toEqual(new Set([token]));
    expect(source.calls).toHaveLength(2);
    expect(source.last().options?.replacing).toBe(token);
  });

  test('is replaced as soon as the renewed token arrives, without an event', async () => {
    const { tokens, source, clock, events } = await holding(hour);
    clock.advance(hour - 300 * second);
    await tokens.getToken();

    source.last().resolve(issue('second', clock));
    await settle();

    expect((await tokens.getToken()).value).toBe('second');
    expect(events).toEqual([]);
  });

  test('is renewed at a random time that is drawn once, not for each call [D6]', async () => {
    const draws = [0.5];
    const random = () => draws.shift() ?? 0;
    const { tokens, source, clock } = await holding(hour, { random });

    clock.advance(hour - 450.1 * second);
    await tokens.getToken();
    expect(source.calls).toHaveLength(1);
    clock.advance(0.2 * second);
    await tokens.getToken();

    expect(source.calls).toHaveLength(2);
  });

  test('keeps that time if the renewal returns the same token [D6 A16]', async () => {
    let draws = 0;
    const { tokens, source, token } = await holding(hour, { random: () => (draws += 1) * 0 });

    const answer = tokens.getToken(undefined, { replacing: token });
    await settle();
    source.last().resolve(token);

    expect(await answer).toBe(token);
    expect(draws).toBe(1);
  });

  test.each([1, 5, 30, 60, 3600])('of %d s is renewed at most once in 70 % of its lifetime [A14]', async (lifetime) => {
    const { tokens, source, clock } = cached({ random: () => 0.999 });
    const step = (lifetime * second) / 200;
    const steps = 2_000;

    for (let count = 0; count < steps; count += 1) {
      const answer = tokens.getToken();
      await settle();
      source.last().resolve(issue(`token ${source.calls.length}`, clock, lifetime * second));
      await answer;
      clock.advance(step);
    }

    expect(source.calls.length).toBeLessThanOrEqual(Math.ceil((steps * step) / (0.7 * lifetime * second)) + 1);
    expect(source.calls.length).toBeGreaterThanOrEqual(10);
  });
});

describe('a failed renewal in the background', () => {
  test('emits an event, and no caller gets the error [D15 A2]', async () => {
    const { tokens, source, clock, token, events } = await holding(hour);
    clock.advance(hour - 300 * second);
    await tokens.getToken();
    const failure = new Error('away');

    source.last().reject(failure);
    await settle();

    expect(await tokens.getToken()).toBe(token);
    expect(events).toEqual([
      {
        type: 'renewal.failed',
        requestedScope: undefined,
        scope: undefined,
        reason: 'advisory',
        error: failure,
        retryAfterMs: 0,
        remainingMs: 300 * second,
      },
    ]);
  });

  test('reports the requested scope, also if the granted scope is unknown', async () => {
    const { tokens, source, clock, events } = cached();
    const first = tokens.getToken({ scope: 'b a' });
    source.last().resolve(issue('first', clock, hour));
    await first;
    clock.advance(hour - 300 * second);

    await tokens.getToken({ scope: 'b a' });
    source.last().reject(new Error('away'));
    await settle();

    expect(events).toMatchObject([{ type: 'renewal.failed', requestedScope: 'a b', scope: undefined }]);
  });

  test('is repeated after the backoff of the negative cache: 1 s, then 2 s, up to 9.5 s [A2 A40]', async () => {
    const below = (inner: TokenSource, clock: FakeClock) => withNegativeCache({ clock, random: () => 1 })(inner);
    const { tokens, source, clock } = await holding(hour, { random: () => 1 }, below);
    clock.advance(hour - 450 * second);
    const attempts: number[] = [];
    const began = clock.now();

    while (clock.now() < began + 400 * second) {
      const before = source.calls.length;
      await tokens.getToken();
      if (source.calls.length > before) {
        attempts.push((clock.now() - began) / second);
        source.last().reject(new GrantUnavailableError('away'));
        await settle();
      }
      clock.advance(second);
    }

    expect(attempts.slice(0, 8)).toEqual([0, 1, 3, 7, 15, 25, 35, 45]);
  });

  test('is not repeated before the Retry-After of the server has passed [A4]', async () => {
    const { tokens, source, clock } = await holding(hour);
    clock.advance(hour - 300 * second);
    await tokens.getToken();
    source.last().reject(new GrantUnavailableError('busy', { status: 429, retryAfterMs: 60 * second }));
    await settle();

    clock.advance(59 * second);
    await tokens.getToken();
    expect(source.calls).toHaveLength(2);
    clock.advance(1 * second);
    await tokens.getToken();

    expect(source.calls).toHaveLength(3);
  });
});

describe('a token in the mandatory refresh window', () => {
  test('makes callers wait for the renewed token [C4]', async () => {
    const { tokens, source, clock } = await holding(hour);
    clock.advance(hour - 30 * second);

    const answer = tokens.getToken();
    await settle();
    source.last().resolve(issue('second', clock));

    expect((await answer).value).toBe('second');
  });

  test('is returned if the renewal fails, until it expires [A2]', async () => {
    const { tokens, source, clock, token } = await holding(hour, { random: () => 1 });
    clock.advance(hour - 20 * second);

    const answer = tokens.getToken();
    await settle();
    source.last().reject(new GrantUnavailableError('away', { retryAfterMs: second }));

    expect(await answer).toBe(token);
    expect(await tokens.getToken()).toBe(token);
    expect(source.calls).toHaveLength(2);
  });

  test('makes no caller wait after a renewal has failed [A2]', async () => {
    const { tokens, source, clock, token } = await holding(hour);
    clock.advance(hour - 20 * second);
    const first = tokens.getToken();
    await settle();
    source.last().reject(new Error('away'));
    await first;

    let answer: unknown;
    void tokens.getToken().then((handedOut) => (answer = handedOut));
    await settle();

    expect(answer).toBe(token);
    expect(source.calls).toHaveLength(3);
  });

  test('is not returned if it expires before the renewal fails [A3]', async () => {
    const { tokens, source, clock } = await holding(hour);
    clock.advance(hour - 20 * second);

    const answer = tokens.getToken();
    await settle();
    clock.advance(20 * second);
    source.last().reject(new Error('away'));
    await settle();
    source.last().reject(new Error('still away'));

    await expect(answer).rejects.toThrow('still away');
  });

  test('is requested once more if it expires before the renewal fails: the outage may be over [A40]', async () => {
    const { tokens, source, clock, token } = await holding(hour);
    clock.advance(hour - 20 * second);
    const renewal = tokens.getToken(undefined, { replacing: token });
    await settle();
    clock.advance(20 * second);
    const joined = tokens.getToken();

    source.last().reject(new GrantUnavailableError('away'));
    await settle();
    expect(source.last().options?.replacing).toBe(token);
    source.last().resolve(issue('second', clock));

    expect((await renewal).value).toBe('second');
    expect((await joined).value).toBe('second');
    expect(source.calls).toHaveLength(3);
  });

  test('is returned if the renewal takes longer than half of its remaining validity [A24]', async () => {
    const { tokens, clock, token } = await holding(hour);
    clock.advance(hour - 20 * second);

    const answer = tokens.getToken();
    await settle();
    clock.advance(10 * second);

    expect(await answer).toBe(token);
  });

  test('leaves no timer for that half if the renewal is faster [D16]', async () => {
    const { tokens, source, clock } = await holding(hour);
    clock.advance(hour - 20 * second);

    const answer = tokens.getToken();
    await settle();
    expect(clock.asleep()).toBe(1);
    source.last().resolve(issue('second', clock));
    await answer;

    expect(clock.asleep()).toBe(0);
  });

  test.each([1 * second, 2 * second])(
    'is returned instead of a token of %d ms that took 2 s to arrive [A15]',
    async (ms) => {
      const { tokens, source, clock, token, events } = await holding(hour);
      clock.advance(hour - 20 * second);

      const answer = tokens.getToken();
      await settle();
      const late = issue('late', clock, ms);
      clock.advance(2 * second);
      source.last().resolve(late);

      expect(await answer).toBe(token);
      expect(events).toEqual([]);
    },
  );

  test('is renewed for the next caller although one caller ended its wait [B6]', async () => {
    const { tokens, source, clock } = await holding(hour);
    clock.advance(hour - 20 * second);
    const controller = new AbortController();

    const answer = tokens.getToken(undefined, { signal: controller.signal });
    await settle();
    controller.abort(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    source.last().resolve(issue('second', clock));
    await settle();

    expect((await tokens.getToken()).value).toBe('second');
    expect(source.calls).toHaveLength(2);
  });
});

describe('an expired token', () => {
  test.each([
    ['by both clocks [A3]', (clock: FakeClock) => clock.advance(hour)],
    ['by the wall clock, after the machine slept [C2]', (clock: FakeClock) => clock.step(hour)],
    [
      'by the monotonic clock, after the wall clock was set back [C1]',
      (clock: FakeClock) => {
        clock.advance(hour);
        clock.step(-2 * hour);
      },
    ],
    [
      'by the monotonic clock, while the wall clock stood still [C1]',
      (clock: FakeClock) => {
        clock.advance(hour);
        clock.step(-hour);
      },
    ],
  ])('is not returned if it expired %s', async (_name, pass) => {
    const { tokens, source, clock } = await holding(hour);
    await tokens.getToken();
    pass(clock);

    const answer = tokens.getToken();
    await settle();
    source.last().reject(new Error('away'));

    await expect(answer).rejects.toThrow('away');
  });

  test('is valid until its expiry, and not at its expiry [C6]', async () => {
    const { tokens, source, clock, token } = await holding(hour, { random: () => 1 });
    clock.advance(hour - 1);
    const last = tokens.getToken();
    await settle();
    source.last().reject(new Error('away'));
    expect(await last).toBe(token);

    clock.advance(1);
    const answer = tokens.getToken();
    await settle();
    source.last().reject(new Error('away'));

    await expect(answer).rejects.toThrow('away');
  });

  test('is detected although the wall clock was set back between two calls [C1]', async () => {
    const { tokens, source, clock } = await holding(1 * second);
    clock.advance(600);
    await tokens.getToken();
    clock.advance(190);
    clock.step(-190);

    clock.advance(211);
    const answer = tokens.getToken();
    await settle();
    source.last().reject(new Error('away'));

    await expect(answer).rejects.toThrow('away');
  });

  test('is not returned with the clocks of this machine, after many calls until its expiry [C6]', async () => {
    const lifetimeMs = 20;
    const { tokens, source } = cached({ clock: systemClock });
    const first = tokens.getToken();
    const token = issue('first', systemClock, lifetimeMs);
    source.last().resolve(token);
    await first;

    let asked = 0;
    while (token.remainingMs() > 0) {
      asked += 1;
      void tokens.getToken();
    }
    const calls = source.calls.length;
    let answer: unknown;
    void tokens.getToken().then((handedOut) => (answer = handedOut));
    await settle();

    expect(asked).toBeGreaterThan(10);
    expect(source.calls.length).toBeGreaterThanOrEqual(calls);
    expect(answer).toBeUndefined();
  });

  test('is not cached if it had expired on arrival [B7]', async () => {
    const { tokens, source, clock } = cached();
    const first = tokens.getToken();
    const token = issue('late', clock, 5 * second);
    clock.advance(10 * second);
    source.last().resolve(token);

    expect(await first).toBe(token);
    void tokens.getToken();
    await settle();

    expect(source.calls).toHaveLength(2);
  });
});

describe('a rejected token', () => {
  test('is renewed once for all callers that report it meanwhile [E1]', async () => {
    const { tokens, source, clock, token } = await holding(hour);

    const answers = Array.from({ length: 50 }, () => tokens.getToken(undefined, { replacing: token }));
    await settle();
    source.last().resolve(issue('second', clock));

    expect(new Set((await Promise.all(answers)).map(({ value }) => value))).toEqual(new Set(['second']));
    expect(source.calls).toHaveLength(2);
  });

  test('is not renewed for a late caller, which gets the newer token [E4 A25]', async () => {
    const { tokens, source, clock, token } = await holding(hour);
    const first = tokens.getToken(undefined, { replacing: token });
    await settle();
    source.last().resolve(issue('second', clock));
    await first;

    const late = await tokens.getToken(undefined, { replacing: token });

    expect(late.value).toBe('second');
    expect(source.calls).toHaveLength(2);
  });

  test('is renewed at once, and the renewed token not within five seconds [D21 E3 A30]', async () => {
    const { tokens, source, clock, token } = await holding(hour, {}, limited);
    const first = tokens.getToken(undefined, { replacing: token });
    await settle();
    const second_ = issue('second', clock);
    source.last().resolve(second_);
    await first;

    clock.advance(4.9 * second);
    expect(await tokens.getToken(undefined, { replacing: second_ })).toBe(second_);
    expect(source.calls).toHaveLength(2);
    clock.advance(0.2 * second);
    void tokens.getToken(undefined, { replacing: second_ });
    await settle();

    expect(source.calls).toHaveLength(3);
  });

  test('is renewed again sooner if the renewed token has a short lifetime [E3]', async () => {
    const { tokens, source, clock, token } = await holding(hour, {}, limited);
    const first = tokens.getToken(undefined, { replacing: token });
    await settle();
    const short = issue('short', clock, 10 * second);
    source.last().resolve(short);
    await first;

    clock.advance(2 * second);
    void tokens.getToken(undefined, { replacing: short });
    await settle();

    expect(source.calls).toHaveLength(3);
  });

  test('is still returned to callers that do not report it, so that they do not wait', async () => {
    const { tokens, token } = await holding(hour);
    void tokens.getToken(undefined, { replacing: token });
    await settle();

    expect(await tokens.getToken()).toBe(token);
  });

  test('is returned if it cannot be renewed, so that the 401 is the result', async () => {
    const { tokens, source, token, events } = await holding(hour);

    const answer = tokens.getToken(undefined, { replacing: token });
    await settle();
    source.last().reject(new Error('away'));

    expect(await answer).toBe(token);
    expect(events).toHaveLength(1);
  });

  test('may be granted again with a new lifetime, and is not renewed in a loop [A16 A37]', async () => {
    const { tokens, source, clock } = await holding(100 * second);
    clock.advance(81 * second);
    await tokens.getToken();
    source.last().resolve(issue('first', clock, 19 * second));
    await settle();

    for (let count = 0; count < 100; count += 1) {
      await tokens.getToken();
      clock.advance(20);
    }

    expect(source.calls).toHaveLength(2);
    expect((await tokens.getToken()).expiresAt).toBe(clock.now() - 2 * second + 19 * second);
  });
});

describe('a call with minValidityMs', () => {
  test('waits for a renewal if the cached token expires too soon [D22]', async () => {
    const { tokens, source, clock } = await holding(hour);
    clock.advance(hour / 2);

    const answer = tokens.getToken(undefined, { minValidityMs: 40 * 60 * second });
    await settle();
    source.last().resolve(issue('second', clock));

    expect((await answer).value).toBe('second');
  });

  test('gets the renewed token although the cached one expired meanwhile [D22]', async () => {
    const { tokens, source, clock } = await holding(60 * second);

    const answer = tokens.getToken(undefined, { minValidityMs: 120 * second });
    await settle();
    clock.advance(60 * second);
    source.last().resolve(issue('second', clock));

    expect((await answer).value).toBe('second');
    expect(source.calls).toHaveLength(2);
  });

  test('gets the longest token that the server grants, without a grant for each call [D22]', async () => {
    const { tokens, source, clock } = await holding(60 * second, {}, limited);
    const first = tokens.getToken(undefined, { minValidityMs: hour });
    await settle();
    const longest = issue('second', clock, 60 * second);
    source.last().resolve(longest);
    await first;

    const answers = await Promise.all(
      Array.from({ length: 100 }, () => tokens.getToken(undefined, { minValidityMs: hour })),
    );

    expect(new Set(answers)).toEqual(new Set([longest]));
    expect(source.calls).toHaveLength(2);
  });
});

describe('the number of cached tokens', () => {
  test('is limited: the least recently used token is evicted first [D13]', async () => {
    const { tokens, source, clock, events } = cached({ maxTokens: 2 });
    const fetchToken = async (scope: string) => {
      const answer = tokens.getToken({ scope });
      await settle();
      const call = source.last();
      call.resolve(issue(scope, clock));
      return answer;
    };
    await fetchToken('a');
    await fetchToken('b');
    await fetchToken('a');
    await fetchToken('c');

    expect(events).toEqual([{ type: 'token.evicted', requestedScope: 'b', scope: undefined }]);
    const before = source.calls.length;
    await fetchToken('a');
    expect(source.calls).toHaveLength(before);
    await fetchToken('b');
    expect(source.calls).toHaveLength(before + 1);
  });
});

describe('certificate-bound tokens [F8 R-51]', () => {
  /** A cache with tokens of several scopes, each bound to what the test says. */
  function bound(options?: TokenCacheOptions, below?: Below) {
    const bindings: (string | undefined)[] = [];
    const certificate = asClientAuthentication({
      fingerprint: async () => '',
      prepare: () => Promise.reject(new Error('not used')),
      useCertificate: (thumbprint) => bindings.push(thumbprint),
    });
    const made = cached({ certificate, ...options }, below);
    const fetchToken = async (scope: string, binding?: string) => {
      const answer = made.tokens.getToken({ scope });
      await settle();
      made.source.last().resolve(boundTo(binding, `${scope} for ${binding}`, made.clock));
      return answer;
    };
    return { ...made, bindings, fetchToken };
  }

  function boundTo(certificateThumbprint: string | undefined, value: string, clock: FakeClock): AccessToken {
    const [issuedAt, issuedAtMonotonic] = [clock.now(), clock.monotonic()];
    return new AccessToken({ value, issuedAt, issuedAtMonotonic, expiresAt: issuedAt + hour, certificateThumbprint });
  }

  test('are dropped when a token of another certificate arrives, and that certificate is selected', async () => {
    const { tokens, source, bindings, fetchToken } = bound();
    await fetchToken('a', 'old');
    await fetchToken('b', 'old');

    await fetchToken('c', 'new');
    const again = await fetchToken('a', 'new');

    expect(again.certificateThumbprint).toBe('new');
    expect(await tokens.getToken({ scope: 'c' })).toMatchObject({ certificateThumbprint: 'new' });
    expect(source.calls).toHaveLength(4);
    expect(bindings).toEqual(['old', 'new']);
  });

  test('are reported as renewed when the first renewal after failures is bound to another certificate', async () => {
    const { tokens, source, clock, events, fetchToken } = bound();
    await fetchToken('a', 'old');
    clock.advance(hour - 300 * second);
    await tokens.getToken({ scope: 'a' });
    source.last().reject(new Error('away'));
    await settle();

    await tokens.getToken({ scope: 'a' });
    source.last().resolve(boundTo('new', 'renewed', clock));
    await settle();

    expect(events.map(({ type }) => type)).toEqual(['renewal.failed', 'renewal.recovered']);
  });

  test('are dropped for a token request that is repeated, too', async () => {
    const { tokens, source, fetchToken } = bound();
    const request = canonicalRequest({ scope: 'a' });
    await fetchToken('a', 'old');
    await tokens.getToken(request);
    await tokens.getToken(request);
    expect(source.calls).toHaveLength(1);

    await fetchToken('b', 'new');
    void tokens.getToken(request);
    await settle();

    expect(source.calls).toHaveLength(3);
  });

  test('are not returned again if one of them is rejected soon after its renewal', async () => {
    const { tokens, source, clock, bindings, fetchToken } = bound({}, limited);
    const first = await fetchToken('a', 'old');
    const renewal = tokens.getToken({ scope: 'a' }, { replacing: first });
    await settle();
    const renewed = boundTo('old', 'renewed', clock);
    source.last().resolve(renewed);
    await renewal;
    await fetchToken('b', 'new');

    const answer = tokens.getToken({ scope: 'a' }, { replacing: renewed });
    await settle();
    source.last().resolve(boundTo('new', 'other', clock));

    expect((await answer).value).toBe('other');
    expect(bindings).toEqual(['old', 'new']);
  });

  test('are cached without the option "certificate", too', async () => {
    const { tokens, fetchToken } = bound({ certificate: undefined });

    await fetchToken('a', 'new');

    expect(await tokens.getToken({ scope: 'a' })).toMatchObject({ certificateThumbprint: 'new' });
  });

  test('stay together if their certificate is the same; without one, no certificate is selected', async () => {
    const { tokens, source, bindings, fetchToken } = bound();
    await fetchToken('a');
    await fetchToken('b');

    await tokens.getToken({ scope: 'a' });

    expect(source.calls).toHaveLength(2);
    expect(bindings).toEqual([]);
  });
});

describe('a drained cache', () => {
  /** A cache with the token "first". */
  async function withFirst() {
    const made = cached();
    const answer = made.tokens.getToken();
    const first = issue('first', made.clock);
    made.source.last().resolve(first);
    await answer;
    return { ...made, first };
  }

  test('returns each valid token once [R-78]', async () => {
    const { tokens, source, clock, first, cache } = await withFirst();
    const short = tokens.getToken({ scope: 'a' });
    await settle();
    source.last().resolve(issue('short', clock, 10 * second));
    await short;
    clock.advance(10 * second);

    expect(cache.drain().map(({ token }) => token)).toEqual([first]);
    expect(cache.drain()).toEqual([]);
  });

  test('returns no drained token to a caller: the next call gets another one [R-78]', async () => {
    const { tokens, source, clock, first, cache } = await withFirst();
    await tokens.getToken();
    cache.drain();

    const answer = tokens.getToken();
    await settle();
    // A revoked token counts as expired.
    expect(source.last().options?.replacing).toMatchObject({ value: first.value, expiresAt: first.issuedAt });
    const other = issue('second', clock);
    source.last().resolve(other);

    expect(await answer).toBe(other);
    expect(await tokens.getToken()).toBe(other);
    expect(source.calls).toHaveLength(2);
  });

  test('returns no drained token if a renewal in flight fails [R-78]', async () => {
    const { tokens, source, clock, cache } = await withFirst();
    clock.advance(hour - 20 * second);
    const waiting = tokens.getToken();
    await settle();
    cache.drain();
    source.last().reject(new Error('away'));
    await settle();
    source.last().reject(new Error('still away'));

    await expect(waiting).rejects.toThrow('still away');
  });

  test('returns no drained token to a call that began before [R-78]', async () => {
    const { tokens, source, clock, first, cache } = await withFirst();
    const renewal = tokens.getToken(undefined, { replacing: first });
    await settle();
    const second_ = issue('second', clock);
    source.last().resolve(second_);
    await renewal;

    const answer = tokens.getToken(undefined, { replacing: second_ });
    cache.drain();
    await settle();
    source.last().resolve(issue('third', clock));

    expect((await answer).value).toBe('third');
  });

  test('caches the token of a renewal that was in flight [R-78]', async () => {
    const { tokens, source, clock, cache } = await withFirst();
    clock.advance(hour - 300 * second);
    await tokens.getToken();
    cache.drain();
    const other = issue('second', clock);
    source.last().resolve(other);
    await settle();

    expect(await tokens.getToken()).toBe(other);
    expect(source.calls).toHaveLength(2);
  });
});

test('sets no timer [D16 D19]', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = timers();

  const { tokens, source, clock } = await holding(hour);
  clock.advance(hour - 300 * second);
  await tokens.getToken();
  source.last().reject(new Error('away'));
  await settle();

  expect(timers()).toBe(before);
});

test('passes minValidityMs on to the inner source, which may be a store [D22]', async () => {
  const { tokens, source, clock } = await holding(hour);
  clock.advance(hour / 2);

  const answer = tokens.getToken(undefined, { minValidityMs: 40 * 60 * second });
  await settle();
  source.last().resolve(issue('second', clock));
  await answer;

  expect(source.last().options).toMatchObject({ minValidityMs: 40 * 60 * second });
});
