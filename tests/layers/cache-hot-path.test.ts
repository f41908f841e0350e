import { afterEach, expect, jest, test } from '@jest/globals';

import { AccessToken } from '../../src/core/access-token.js';
import { systemClock } from '../../src/core/clock.js';
import { canonicalRequest, type TokenRequest } from '../../src/core/token-request.js';
import type { GetTokenOptions } from '../../src/core/token-source.js';
import { type CacheOptions, withCache } from '../../src/layers/cache.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

// By the clocks of this machine alone a token is handed out without a closer look: here they are set by the test.
afterEach(() => {
  jest.restoreAllMocks();
});

const hour = 3_600_000;
/** The looks at a clock that the shortest way takes. */
const short = ['now'];
const [a, b] = [canonicalRequest({ scope: 'a' }), canonicalRequest({ scope: 'b' })];

/** A cache without jitter that goes by the clocks of this machine. */
function cached(options: CacheOptions = {}) {
  const [source, clock] = [manualSource(), fakeClock()];
  let looks: string[] = [];
  for (const reading of ['now', 'monotonic'] as const) {
    jest.spyOn(systemClock, reading).mockImplementation(() => {
      looks.push(reading);
      return clock[reading]();
    });
  }
  const tokens = withCache({ random: () => 0, ...options })(source);
  /** Asks for a token that is not kept, and gives that one. */
  const fetchToken = async (token: AccessToken, request?: TokenRequest, asked?: GetTokenOptions) => {
    const answer = tokens.getToken(request, asked);
    await settle();
    source.last().resolve(token);
    return answer;
  };
  /** The looks at a clock that a call takes. */
  const looksOf = async (request?: TokenRequest, asked?: GetTokenOptions) => {
    looks = [];
    await tokens.getToken(request, asked);
    return looks;
  };
  return { tokens, source, clock, fetchToken, looksOf };
}

/** The same with a token in it that was looked at just now: the next call is a short one. */
async function looked(lifetimeMs = hour, { request, ...options }: CacheOptions & { request?: TokenRequest } = {}) {
  const made = cached(options);
  const token = await made.fetchToken(issue('first', made.clock, lifetimeMs), request);
  await made.tokens.getToken(request);
  return { ...made, token };
}

test('a token that was looked at is handed out as one and the same promise, for one look at one clock', async () => {
  const { tokens, token, looksOf } = await looked();

  const answer = tokens.getToken();

  expect(tokens.getToken()).toBe(answer);
  expect(await answer).toBe(token);
  expect(await looksOf()).toEqual(short);
});

test.each([
  ['no options', undefined],
  ['empty options', {}],
  ['options that ask for nothing', { replacing: undefined, minValidityMs: undefined, signal: undefined }],
  ['a signal, since nobody waits', { signal: new AbortController().signal }],
])('a call takes the shortest way with %s', async (_name, options) => {
  const { looksOf } = await looked();

  expect(await looksOf(undefined, options)).toEqual(short);
});

test('a caller who has given up is turned away on the shortest way, too [B6]', async () => {
  const { tokens } = await looked();

  const answer = tokens.getToken(undefined, { signal: AbortSignal.abort(new Error('gone')) });

  await expect(answer).rejects.toThrow('gone');
});

test.each([
  ['rejects the token', (replacing: AccessToken) => ({ replacing })],
  ['needs a longer one', () => ({ minValidityMs: 2 * hour })],
])('one who %s is not put off with it, nor is anybody after that [E1 D22]', async (_name, optionsFor) => {
  const { tokens, clock, token, source, fetchToken } = await looked();
  const second = issue('second', clock);

  expect(await fetchToken(second, undefined, optionsFor(token))).toBe(second);
  expect(await tokens.getToken()).toBe(second);
  expect(source.calls).toHaveLength(2);
});

test('requests in turn are each handed their own token, and none takes longer for that', async () => {
  const { tokens, clock, fetchToken, looksOf } = cached();
  for (const request of [undefined, a, b]) {
    await fetchToken(issue(`for ${request?.scope}`, clock), request);
    await tokens.getToken(request);
  }

  for (const request of [a, b, b, a]) {
    expect(await looksOf(request)).toEqual(short);
    expect((await tokens.getToken(request)).value).toBe(`for ${request.scope}`);
  }
  expect((await tokens.getToken()).value).toBe('for undefined');
});

test('a request that was changed in between is answered with what it asks for now [D1]', async () => {
  const request = { scope: 'a' };
  const { tokens, clock, fetchToken } = await looked(hour, { request });
  await tokens.getToken(request);

  request.scope = 'b';
  const other = await fetchToken(issue('for b', clock), request);

  expect(other.value).toBe('for b');
});

test.each([
  { at: 'a second later', lifetimeMs: hour, passedMs: 0, quietMs: 1_000 },
  { at: 'when it is due', lifetimeMs: 10_000, passedMs: 7_500, quietMs: 500 },
  { at: 'after as long as it is due before it expires', lifetimeMs: 2_000, passedMs: 0, quietMs: 400 },
])('the clocks are looked at again $at [C1]', async ({ lifetimeMs, passedMs, quietMs }) => {
  const { tokens, clock, fetchToken, looksOf } = cached();
  await fetchToken(issue('first', clock, lifetimeMs));
  clock.advance(passedMs);
  await tokens.getToken();

  clock.advance(quietMs - 1);
  expect(await looksOf()).toEqual(short);
  clock.advance(1);

  expect(await looksOf()).not.toEqual(short);
});

test('a token is renewed from the very moment when it is due, however often it was handed out', async () => {
  const { tokens, source, clock } = await looked(10_000);
  for (let passedMs = 0; passedMs < 7_999; passedMs += 1) {
    clock.advance(1);
    void tokens.getToken();
  }
  expect(source.calls).toHaveLength(1);

  clock.advance(1);
  void tokens.getToken();

  expect(source.calls).toHaveLength(2);
});

test('the clocks are looked at again when the wall clock was set back [C1]', async () => {
  const { clock, looksOf } = await looked();

  clock.step(-1);

  expect(await looksOf()).not.toEqual(short);
});

test('a token that is taken back is handed out no more in the same moment [R-78]', async () => {
  let takeBack: () => readonly AccessToken[] = () => [];
  const { clock, token, fetchToken } = await looked(hour, { exposeTakeBack: (given) => void (takeBack = given) });

  expect(takeBack()).toEqual([token]);

  expect((await fetchToken(issue('second', clock))).value).toBe('second');
});

test('a token that is bound to an old certificate is handed out no more in the same moment [F8]', async () => {
  const { clock, fetchToken } = await looked(hour, { request: a });
  const { issuedAt, expiresAt } = issue('', clock);

  await fetchToken(new AccessToken({ value: 'for b', certificateThumbprint: 'new', issuedAt, expiresAt }), b);

  expect((await fetchToken(issue('second', clock), a)).value).toBe('second');
});
