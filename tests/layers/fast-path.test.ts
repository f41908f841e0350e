import { describe, expect, test } from '@jest/globals';

import type { AccessToken } from '../../src/core/access-token.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import { compose, type Layer, type TokenSource } from '../../src/core/token-source.js';
import { withCache } from '../../src/layers/cache.js';
import { withFastPath } from '../../src/layers/fast-path.js';
import { cachedTokensOf, tokenCache } from '../../src/layers/token-cache.js';
import { sharingContract, tokenSourceContract } from '../contracts/token-source.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

const hour = 3_600_000;
const second = 1_000;

const layer: Layer = (inner) => {
  const cache = tokenCache();
  return compose(inner, withCache(cache), withFastPath(cache));
};
tokenSourceContract('withFastPath above withCache', layer);
sharingContract('withFastPath above withCache', layer);

/** A fast path above a source that counts its calls and answers each from what the test has put in. */
function aboveCache() {
  const clock = fakeClock();
  const cache = tokenCache({ clock, random: () => 0 });
  const granted = manualSource();
  const cached = withCache(cache)(granted);
  let calls = 0;
  const counted: TokenSource = {
    getToken(request, options) {
      calls += 1;
      return cached.getToken(request, options);
    },
  };
  const tokens = withFastPath(cache)(counted);

  /** Gets a first token for a request. */
  async function hold(request?: TokenRequest, lifetimeMs = hour): Promise<AccessToken> {
    const answer = tokens.getToken(request);
    await settle();
    granted.last().resolve(issue(`token-${granted.calls.length}`, clock, lifetimeMs));
    return answer;
  }
  return { tokens, cache, clock, granted, hold, fullWays: () => calls };
}

describe('a token that the cache returned', () => {
  test('is returned for a second without a call of the cache', async () => {
    const { tokens, clock, hold, fullWays } = aboveCache();
    const token = await hold();

    for (let count = 0; count < 10; count += 1) {
      expect(await tokens.getToken()).toBe(token);
      clock.advance(99);
    }

    expect(fullWays()).toBe(1);
    clock.advance(10);
    await tokens.getToken();
    expect(fullWays()).toBe(2);
  });

  test('is trusted for a twentieth of its remaining validity when that is less than a second', async () => {
    const { tokens, clock, hold, fullWays } = aboveCache();
    await hold(undefined, 2 * second);

    clock.advance(99);
    await tokens.getToken();
    expect(fullWays()).toBe(1);
    clock.advance(1);
    await tokens.getToken();

    expect(fullWays()).toBe(2);
  });

  test('is not returned if the wall clock is set back to before that second [C1]', async () => {
    const { tokens, clock, hold, fullWays } = aboveCache();
    await hold();

    clock.step(-1);
    await tokens.getToken();

    expect(fullWays()).toBe(2);
  });

  test('is not returned after the machine has slept for longer [C2]', async () => {
    const { tokens, clock, hold, fullWays } = aboveCache();
    await hold();

    clock.step(hour);
    void tokens.getToken();

    expect(fullWays()).toBe(2);
  });
});

describe('a call takes the full path', () => {
  test.each([
    ['with a rejected token', (token: AccessToken) => ({ replacing: token })],
    ['with minValidityMs', () => ({ minValidityMs: 1 })],
    ['with a signal that is aborted', () => ({ signal: AbortSignal.abort() })],
  ])('%s', async (_, optionsOf) => {
    const { tokens, hold, fullWays } = aboveCache();
    const token = await hold();

    tokens.getToken(undefined, optionsOf(token)).catch(() => undefined);
    await settle();

    expect(fullWays()).toBe(2);
  });

  test.each<[string, unknown]>([
    ['a resource', { resource: 'https://api.example/' }],
    ['parameters', { parameters: { tenant: 'a' } }],
    ['a list of scopes', { scope: ['a'] }],
    ['an empty scope, which overrides the default one', { scope: '' }],
    ['an empty audience', { audience: '' }],
    ['an unknown member', { scop: 'a' }],
    ['null', null],
    ['an array', []],
    ['a Map', new Map([['scope', 'a']])],
    ['URLSearchParams', new URLSearchParams({ scope: 'a' })],
  ])('for %s', async (_, request) => {
    const { tokens, hold, fullWays } = aboveCache();
    await hold();

    for (let count = 2; count < 4; count += 1) {
      tokens.getToken(request as TokenRequest).catch(() => undefined);
      await settle();
      expect(fullWays()).toBe(count);
    }
  });

  test('after a renewal: no caller gets the replaced token', async () => {
    const { tokens, granted, clock, hold } = aboveCache();
    const token = await hold();
    const renewal = tokens.getToken(undefined, { replacing: token });
    await settle();
    granted.last().resolve(issue('renewed', clock));
    await renewal;

    expect((await tokens.getToken()).value).toBe('renewed');
  });

  test('after the cache was drained: no caller gets a revoked token [R-78]', async () => {
    const { tokens, cache, granted, clock, hold } = aboveCache();
    await hold();
    await tokens.getToken();

    cachedTokensOf(cache).drain();
    const answer = tokens.getToken();
    await settle();
    granted.last().resolve(issue('other', clock));

    expect((await answer).value).toBe('other');
  });

  test('after the cache was drained during an earlier call [R-78]', async () => {
    const { tokens, cache, granted, clock, hold, fullWays } = aboveCache();
    await hold();
    clock.advance(2 * second);

    const answer = tokens.getToken();
    cachedTokensOf(cache).drain();
    await answer;
    const before = fullWays();
    const next = tokens.getToken();
    await settle();
    granted.last().resolve(issue('other', clock));

    expect((await next).value).toBe('other');
    expect(fullWays()).toBe(before + 1);
  });
});

describe('token requests', () => {
  test('that differ never share a token, however their texts combine [D1]', async () => {
    const { tokens, hold } = aboveCache();
    const requests: (TokenRequest | undefined)[] = [
      undefined,
      { scope: 'a' },
      { audience: 'a' },
      { scope: 'a', audience: 'b' },
      { scope: 'a', audience: '\nb' },
      { scope: 'a', audience: 'b\n' },
      { scope: 'a b' },
      { audience: 'a\nb' },
    ];
    const held = [];
    for (const request of requests) held.push((await hold(request)).value);

    const again = await Promise.all(requests.map(async (request) => (await tokens.getToken(request)).value));

    expect(again).toEqual(held);
    expect(new Set(held).size).toBe(requests.length);
  });

  test('with a line break in the scope are rejected, although the fast path has a token under the same text [D1 R-13]', async () => {
    const { tokens, hold } = aboveCache();
    await hold({ scope: 'a', audience: 'b\nc' });

    await expect(tokens.getToken({ scope: 'a\nb', audience: 'c' })).rejects.toThrow('scope');
  });

  test('that are equal share a token, also in other objects', async () => {
    const { tokens, hold, fullWays } = aboveCache();
    await hold({ scope: 'a', audience: 'b' });

    await tokens.getToken({ audience: 'b', scope: 'a' });
    await tokens.getToken({ scope: 'a', audience: 'b' }, { signal: new AbortController().signal });

    expect(fullWays()).toBe(1);
  });
});
