import { webcrypto } from 'node:crypto';
import { inspect } from 'node:util';

import { afterEach, expect, jest, test } from '@jest/globals';
import { metrics, trace } from '@opentelemetry/api';
import axios from 'axios';
import AxiosMockAdapter from 'axios-mock-adapter';
import { AccessToken, ConfigurationError, GrantRejectedError, isTokenError, type TokenEvent } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { withBearerToken } from 'm2m-tokens/fetch';
import { observeTokens } from 'm2m-tokens/opentelemetry';
import { fakeTokenService } from 'm2m-tokens/testing';
import { bearerTokenInterceptor } from 'm2m-tokens/undici';
import { MockAgent, request } from 'undici';

import { failureOf } from '../support/grant-outcome.js';

afterEach(() => {
  jest.useRealTimers();
});

const origin = 'https://api.example.com';

test('gives its tokens in turn, then further ones', async () => {
  const tokens = fakeTokenService({ tokens: ['first', 'second'] });

  for (const value of ['first', 'second', 'token-3']) {
    await expect(tokens.getToken({ scope: value })).resolves.toHaveProperty('value', value);
  }

  expect(tokens.granted).toEqual(['first', 'second', 'token-3']);
  expect(tokens.requests).toEqual([{ scope: 'first' }, { scope: 'second' }, { scope: 'token-3' }]);
});

test('gives a token that the test has made, of type DPoP for example', async () => {
  const keyPair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const bound = new AccessToken({ value: 'bound', type: 'DPoP', keyPair, issuedAt: Date.now(), expiresAt: Infinity });
  const tokens = fakeTokenService({ tokens: [bound] });

  expect(await tokens.getToken()).toBe(bound);
  expect(tokens.accepts('DPoP bound')).toBe(true);
  tokens.expire();
  expect(await tokens.getToken()).not.toBe(bound);
});

test('records what was asked for', async () => {
  const tokens = fakeTokenService();
  const first = await tokens.getToken({ scope: 'a', audience: 'orders' });

  await tokens.getToken(undefined, { minValidityMs: 1_000, signal: new AbortController().signal });
  await tokens.getToken({ scope: 'a', audience: 'orders' }, { replacing: first });

  expect(tokens.requests).toEqual([
    { scope: 'a', audience: 'orders' },
    { minValidityMs: 1_000 },
    { scope: 'a', audience: 'orders', replacing: 'token-1' },
  ]);
});

test.each(['ERR_CONFIGURATION', 'ERR_GRANT_REJECTED', 'ERR_GRANT_UNAVAILABLE', 'ERR_TOKEN_RESPONSE'] as const)(
  'fails with %s',
  async (code) => {
    const error = await failureOf(fakeTokenService({ rejects: code }).getToken());

    expect(isTokenError(error)).toBe(true);
    expect(error).toMatchObject({ code });
  },
);

test('fails with the given error, as often as the test says', async () => {
  const error = new GrantRejectedError('no', { status: 400, error: 'invalid_scope' });
  const tokens = fakeTokenService({ rejects: error });
  expect(await failureOf(tokens.ready())).toBe(error);

  tokens.fail('ERR_GRANT_UNAVAILABLE', { times: 2 });
  const codes = [await failureOf(tokens.ready()), await failureOf(tokens.ready())];
  expect(codes).toMatchObject([{ code: 'ERR_GRANT_UNAVAILABLE' }, { code: 'ERR_GRANT_UNAVAILABLE' }]);
  await tokens.ready();

  tokens.fail();
  tokens.expire();
  await expect(tokens.ready()).rejects.toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });
  tokens.recover();
  await expect(tokens.ready()).resolves.toBeUndefined();
});

test.each<[string, object, RegExp]>([
  ['an error that the library never throws', { rejects: new Error('no') }, /"rejects".*ERR_GRANT_REJECTED/],
  ['an unknown code', { rejects: 'ERR_NO' }, /"rejects"/],
  ['an unknown option', { token: [] }, /no option "token"; did you mean "tokens"/],
  ['a lifetime of 0', { lifetimeMs: 0 }, /"lifetimeMs"/],
])('rejects %s', (_, options, message) => {
  expect(() => fakeTokenService(options)).toThrow(message);
});

test('rejects commands with malformed arguments', () => {
  const tokens = fakeTokenService();

  expect(() => tokens.fail(new Error('no') as never)).toThrow(ConfigurationError);
  expect(() => tokens.fail('ERR_CONFIGURATION', { times: 0 })).toThrow(/"times"/);
  expect(() => tokens.delay(-1)).toThrow(/"ms"/);
});

test.each(['two words', '', 'a\r\nb'])('a token that cannot be sent is an error: %j', async (value) => {
  await expect(fakeTokenService({ tokens: [value] }).getToken()).rejects.toThrow(/cannot be sent in a header/);
});

test('delays grants until its clock or fake timers have moved, and a caller can give up', async () => {
  jest.useFakeTimers();
  const tokens = fakeTokenService();
  tokens.delay(2_000);
  const settled: string[] = [];
  const caller = new AbortController();
  const getToken = (scope: string, signal?: AbortSignal) =>
    tokens.getToken({ scope }, { signal }).then(
      ({ value }) => settled.push(value),
      (error: Error) => settled.push(error.message),
    );

  const first = getToken('a');
  const second = getToken('b', caller.signal);
  await jest.advanceTimersByTimeAsync(1_999);
  expect(settled).toEqual([]);
  caller.abort(new Error('gone'));
  await second;
  await jest.advanceTimersByTimeAsync(1);
  await first;
  expect(settled).toEqual(['gone', 'token-1']);

  const third = getToken('c');
  await jest.advanceTimersByTimeAsync(0);
  tokens.clock.advance(2_000);
  await jest.advanceTimersByTimeAsync(0);
  await third;
  expect(settled).toHaveLength(3);
});

test('tokens expire when fake timers move', async () => {
  jest.useFakeTimers();
  const tokens = fakeTokenService({ lifetimeMs: 60_000 });
  const { authorization } = await tokens.getToken();

  jest.advanceTimersByTime(59_999);
  expect(tokens.accepts(authorization)).toBe(true);
  jest.advanceTimersByTime(1);

  expect(tokens.accepts(authorization)).toBe(false);
  expect((await tokens.getToken()).value).toBe('token-2');
});

test('expires and revokes on command', async () => {
  const tokens = fakeTokenService();
  await tokens.ready();
  expect(tokens.accepts('Bearer token-1')).toBe(true);

  tokens.revokeGranted();
  expect(tokens.accepts('Bearer token-1')).toBe(false);
  expect((await tokens.getToken()).value).toBe('token-1');

  tokens.expire();
  expect((await tokens.getToken()).value).toBe('token-2');
  expect(tokens.accepts('Bearer token-2')).toBe(true);
  await tokens.revoke();
  expect(tokens.accepts('Bearer token-2')).toBe(false);
});

const answers = (authorizations: unknown[], accepts: (header: unknown) => boolean) => (authorization: unknown) => {
  authorizations.push(authorization);
  return accepts(authorization) ? 200 : 401;
};

test.each<
  [string, (tokens: ReturnType<typeof fakeTokenService>, reply: (header: unknown) => number) => Promise<number>]
>([
  [
    'axios',
    async (tokens, reply) => {
      const api = axios.create({ baseURL: origin });
      api.interceptors.request.use(bearerToken(tokens));
      new AxiosMockAdapter(api as never).onGet('/').reply(({ headers }) => [reply(headers?.['Authorization'])]);
      return (await api.get('/')).status;
    },
  ],
  [
    'fetch',
    async (tokens, reply) => {
      const inner = async (input: unknown, init?: { headers?: unknown }) => {
        const sent = new Request(input as Request, init as RequestInit);
        return new Response(null, { status: reply(sent.headers.get('authorization')) });
      };
      return (await withBearerToken(inner, tokens, { origins: [origin] })(`${origin}/`)).status;
    },
  ],
  [
    'undici',
    async (tokens, reply) => {
      const agent = new MockAgent();
      agent.disableNetConnect();
      const headerOf = (headers: unknown) => new Headers(headers as Record<string, string>).get('authorization');
      agent
        .get(origin)
        .intercept({ path: '/', method: 'GET' })
        .reply(({ headers }) => ({ statusCode: reply(headerOf(headers)) }))
        .persist();
      const dispatcher = agent.compose(bearerTokenInterceptor(tokens, { origins: [origin] }));
      const { statusCode } = await request(`${origin}/`, { dispatcher });
      await agent.close();
      return statusCode;
    },
  ],
])('%s sends its tokens, and another one after a 401', async (_, send) => {
  const tokens = fakeTokenService();
  await tokens.ready();
  tokens.revokeGranted();
  const sent: unknown[] = [];

  const status = await send(
    tokens,
    answers(sent, (header) => tokens.accepts(header)),
  );

  expect([status, sent]).toEqual([200, ['Bearer token-1', 'Bearer token-2']]);
  expect(tokens.requests.at(-1)).toEqual({ replacing: 'token-1' });
});

test('emits the events of a token service, and can be observed', async () => {
  const events: TokenEvent[] = [];
  const lines: string[] = [];
  const log = (...line: unknown[]) => void lines.push(inspect(line));
  const logger = { debug: log, info: log, warn: log, error: log };
  const tokens = fakeTokenService({ onEvent: (event) => events.push(event), logger });
  const stop = observeTokens(tokens, {
    meterProvider: metrics.getMeterProvider(),
    tracerProvider: trace.getTracerProvider(),
  });

  await tokens.getToken({ scope: 'a' });
  tokens.fail();
  await failureOf(tokens.getToken({ scope: 'b' }));
  stop();

  expect(events).toMatchObject([
    { type: 'grant.succeeded', requestedScope: 'a', scope: 'a', lifetimeMs: 3_600_000, reason: 'cold' },
    { type: 'token.awaited', source: 'grant', service: 'fake-client' },
    { type: 'grant.failed', requestedScope: 'b', error: { code: 'ERR_GRANT_UNAVAILABLE' } },
    { type: 'token.unavailable' },
  ]);
  expect(lines.length).toBeGreaterThan(0);
});
