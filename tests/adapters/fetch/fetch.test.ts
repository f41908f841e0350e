import { text } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';
import { Agent } from 'undici';

import { type FetchTokenOptions, withBearerToken } from '../../../src/adapters/fetch/index.js';
import { ConfigurationError } from '../../../src/core/errors.js';
import type { TokenRequest } from '../../../src/core/token-request.js';
import type { GetTokenOptions } from '../../../src/core/token-source.js';
import { staticToken } from '../../../src/service/static-token.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { startFetch } from '../../support/adapter-fetch.js';
import { leakIn } from '../../support/adapter-leak.js';
import { gate, startSurroundings } from '../../support/adapter-service.js';
import { cleanUp } from '../../support/clean-up.js';
import type { RecordedRequest } from '../../support/http-server.js';
import { rejected, startResourceServer } from '../../support/resource-server.js';
import { manualSource } from '../../support/tokens.js';

const token = /token-\d/;
const authorizations = (requests: readonly RecordedRequest[]) => requests.map(({ headers }) => headers.authorization);
const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

test.each<[object, RegExp]>([
  [{}, /"origins" of withBearerToken is required/],
  [{ orgins: ['https://api.example.com'] }, /"orgins".*did you mean "origins"/],
  [{ origins: ['http://api.example.com'] }, /"origins".*http:\/\/api\.example\.com.*https/],
  [{ origins: 'https://api.example.com' }, /"origins".*list/],
  [{ origins: ['https://api.example.com'], resend: 'sometimes' }, /"resend"/],
])('refuses the options %j [F10 E20 R-27]', (options, message) => {
  const make = (): unknown => withBearerToken(fetch, staticToken('key'), options as FetchTokenOptions);

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});

test('rejects missing options [F10]', () => {
  const make = (): unknown => withBearerToken(fetch, staticToken('key'), undefined as unknown as FetchTokenOptions);

  expect(make).toThrow(ConfigurationError);
});

describe('the headers of a request', () => {
  test.each<[string, () => NonNullable<RequestInit['headers']>]>([
    ['an object', () => ({ 'X-Tenant': 'blue' })],
    ['a list of pairs', () => [['X-Tenant', 'blue']]],
    ['Headers', () => new Headers({ 'X-Tenant': 'blue' })],
  ])('are sent unchanged, in %s, and the originals stay without the token', async (_what, headers) => {
    const { send, api } = await startFetch();
    const [given, same] = [headers(), headers()];

    await send(`${api.origin}/orders`, { headers: given });

    expect(api.requests[0]?.headers).toMatchObject({ 'x-tenant': 'blue', authorization: 'Bearer token-1' });
    expect([...new Headers(given)]).toEqual([...new Headers(same)]);
  });

  test.each<[string, NonNullable<RequestInit['headers']>]>([
    ['an object', { AUTHORIZATION: 'ApiKey 7' }],
    ['a list of pairs', [['Authorization', 'ApiKey 7']]],
    ['Headers', new Headers({ authorization: 'ApiKey 7' })],
  ])('get no token if %s has an Authorization [E12 R-31]', async (_what, headers) => {
    const { send, api, authorizationServer } = await startFetch();

    await send(`${api.origin}/orders`, { headers });

    expect(authorizations(api.requests)).toEqual(['ApiKey 7']);
    expect(authorizationServer.grants).toHaveLength(0);
  });

  test('are those of "init" instead of those of the Request, as with fetch [E12]', async () => {
    const { send, api } = await startFetch();
    const request = new Request(`${api.origin}/orders`, { headers: { authorization: 'ApiKey 7' } });

    await send(request);
    await send(request, { headers: { 'x-tenant': 'blue' } });

    expect(authorizations(api.requests)).toEqual(['ApiKey 7', 'Bearer token-1']);
  });
});

test('works without "init", and with null', async () => {
  const { send, api } = await startFetch();

  const replies = [await send(api.origin), await send(api.origin, null as unknown as RequestInit)];

  expect(replies.map(({ status }) => status)).toEqual([200, 200]);
});

test('sends the URL and the headers as they were at the time of the call [E11]', async () => {
  const tokens = manualSource();
  const [api, other] = [await startResourceServer(), await startResourceServer()];
  const send = withBearerToken(fetch, tokens, { origins: [api.origin] });
  const [url, headers] = [new URL(`${api.origin}/orders`), new Headers({ 'x-tenant': 'blue' })];

  const reply = send(url, { headers });
  url.host = new URL(other.origin).host;
  headers.set('x-tenant', 'green');
  tokens.last().resolve(await staticToken('key').getToken());

  expect((await reply).status).toBe(200);
  expect(api.requests[0]?.headers['x-tenant']).toBe('blue');
  expect(other.requests).toEqual([]);
});

test('sends tokens to the listed origins only [E11]', async () => {
  const [second, unlisted] = [await startResourceServer(), await startResourceServer()];
  const first = await startSurroundings();
  const send = withBearerToken(fetch, first.tokens, { origins: [first.api.origin, `${second.origin}/`] });

  for (const { origin } of [first.api, second, unlisted]) await send(`${origin}/orders`);

  expect([first.api, second, unlisted].flatMap(({ requests }) => authorizations(requests))).toEqual([
    'Bearer token-1',
    'Bearer token-1',
    undefined,
  ]);
});

test('passes a URL with credentials on to fetch, which rejects it [E12]', async () => {
  const { send, api, authorizationServer } = await startFetch();

  const failure = await failureOf(send(api.origin.replace('//', '//me:pass@')));

  expect(failure).toMatchObject({ name: 'TypeError' });
  expect(authorizationServer.grants).toHaveLength(0);
});

test('calls the function "tokenRequest" with the outgoing request [E21 R-64]', async () => {
  const { send, api, authorizationServer } = await startFetch({
    tokenRequest(url, { headers }): TokenRequest | undefined {
      const tenant = new Headers(headers).get('x-tenant') ?? new URL(url).searchParams.get('tenant');
      return tenant === null ? undefined : { parameters: { tenant } };
    },
  });

  await send(new Request(`${api.origin}/orders`, { headers: { 'x-tenant': 'blue' } }));
  await send(`${api.origin}/orders?tenant=green`);
  await send(`${api.origin}/orders`);

  const tenants = authorizationServer.grants.map(({ body }) => new URLSearchParams(body).get('tenant'));
  expect(tenants).toEqual(['blue', 'green', null]);
});

test.each<[NonNullable<FetchTokenOptions['resend']>, string, number]>([
  ['safe', 'GET', 2],
  ['safe', 'POST', 1],
  ['never', 'GET', 1],
])('with resend "%s" sends a rejected %s %d time(s) [E10 R-40]', async (resend, method, times) => {
  const { send, api } = await startFetch({ resend });
  api.revoke('token-1');

  const { status } = await send(`${api.origin}/orders`, { method });

  expect(status).toBe(times === 2 ? 200 : 401);
  expect(api.requests).toHaveLength(times);
});

test.each<[string, FetchTokenOptions['isRejected']]>([
  ['by the status', ({ status }) => status === 202],
  ['by the body of a clone', async (response) => (await response.clone().text()).includes('TOKEN')],
  ['by the body itself', async (response) => response.status === 202 && (await response.text()).includes('TOKEN')],
])('resends if "isRejected" returns true %s [E15 E25]', async (_what, isRejected) => {
  const { send, api } = await startFetch({ isRejected });
  api.answer(({ headers }) =>
    headers.authorization === 'Bearer token-1' ? { status: 202, body: 'TOKEN' } : { body: 'done' },
  );

  const reply = await send(`${api.origin}/orders`);

  expect(await reply.text()).toBe('done');
  expect(api.requests).toHaveLength(2);
});

test('the response is the result if the promise of "isRejected" resolves to false [E15]', async () => {
  const { send, api } = await startFetch({ isRejected: () => Promise.resolve(false) });

  const { status } = await send(`${api.origin}/orders`);

  expect(status).toBe(200);
  expect(api.requests).toHaveLength(1);
});

test('a request whose connection breaks fails and is not resent', async () => {
  const { send, api } = await startFetch();
  api.answer((_request, response) => {
    response.destroy();
    return undefined;
  });

  const failure = await failureOf(send(`${api.origin}/orders`));

  expect(failure).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
  expect(api.requests).toHaveLength(1);
});

describe('no token is in [F4 R-25]', () => {
  test('the response, nor in the Request', async () => {
    const { send, api } = await startFetch();
    api.revoke('token-1');
    const request = new Request(`${api.origin}/orders`, { method: 'POST', body: 'an order' });

    const reply = await send(request);

    expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(leakIn([reply, request], token)).toBeUndefined();
    expect(request.headers.has('authorization')).toBe(false);
  });

  test('the error of a reset connection, nor in that of an aborted request', async () => {
    const { send, api } = await startFetch();
    const caller = new AbortController();
    api.answer(({ path }, response) => {
      if (path === '/reset') response.destroy();
      else caller.abort();
      return undefined;
    });

    const failures = [
      await failureOf(send(`${api.origin}/reset`)),
      await failureOf(send(`${api.origin}/slow`, { signal: caller.signal })),
    ];

    expect(failures.map((failure) => (failure as Error).name)).toEqual(['TypeError', 'AbortError']);
    expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-1']);
    expect(leakIn(failures, token)).toBeUndefined();
  });
});

test('the signal of a Request ends the wait for a token, also if it is aborted at once [E19]', async () => {
  const asked = gate();
  const untilAborted = (signal: AbortSignal | undefined): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      asked.open();
    });
  const tokens = { getToken: (_request: unknown, options?: GetTokenOptions) => untilAborted(options?.signal) };
  const send = withBearerToken(fetch, tokens, { origins: ['https://api.example.com'] });
  const [caller, hasty] = [new AbortController(), new AbortController()];
  const request = ({ signal }: AbortController): Request => new Request('https://api.example.com/orders', { signal });

  const failure = failureOf(send(request(caller)));
  await asked.opened;
  caller.abort(new Error('gone'));
  const failureAtOnce = failureOf(send(request(hasty)));
  hasty.abort(new Error('gone at once'));

  expect(await failure).toMatchObject({ message: 'gone' });
  expect(await failureAtOnce).toMatchObject({ message: 'gone at once' });
});

describe('a Request', () => {
  const post = (url: string, body: NonNullable<RequestInit['body']>, init?: RequestInit): Request =>
    new Request(`${url}/orders`, { method: 'POST', body, duplex: 'half', ...init });

  test('whose body is used already fails as with fetch, and is not sent [E8]', async () => {
    const { send, api } = await startFetch();
    const request = post(api.origin, 'an order');
    await request.text();

    await expect(send(request)).rejects.toMatchObject({ name: 'TypeError' });

    expect(api.requests).toEqual([]);
  });

  test.each<[string, () => NonNullable<RequestInit['body']>, string]>([
    ['a string', () => 'an order', 'an order'],
    ['bytes', () => Buffer.from('bytes'), 'bytes'],
    ['a Blob', () => new Blob(['blob']), 'blob'],
    ['URLSearchParams', () => new URLSearchParams({ a: '1' }), 'a=1'],
    ['a stream', () => new Blob(['a stream']).stream(), 'a stream'],
  ])('with a body from %s is resent unchanged [E1 E8 E9]', async (_what, body, expected) => {
    const { send, api } = await startFetch();
    api.revoke('token-1');
    const request = post(api.origin, body());

    const { status } = await send(request);

    const [first, second] = api.requests.map(({ headers, ...rest }) => ({
      ...rest,
      headers: { ...headers, authorization: undefined },
    }));
    expect(status).toBe(200);
    expect(first).toMatchObject({ method: 'POST', body: expected });
    expect(second).toEqual(first);
    expect(request.bodyUsed).toBe(true);
  });

  test('keeps its body unread if "init" has another one [E9]', async () => {
    const { send, api } = await startFetch();
    api.revoke('token-1');
    const request = post(api.origin, 'an order');

    await send(request, { body: 'another' });

    expect(api.requests.map(({ body }) => body)).toEqual(['another', 'another']);
    expect(await request.text()).toBe('an order');
  });

  test('provides the members that "init" leaves out or undefined [E9]', async () => {
    const { send, api } = await startFetch();
    api.answer(({ headers }) =>
      headers.authorization === 'Bearer token-1' ? rejected() : { status: 302, headers: { location: '/moved' } },
    );
    const request = (): Request =>
      post(api.origin, 'it', { method: 'PUT', redirect: 'manual', headers: { 'x-tenant': 'blue' } });
    const unsaid = { method: undefined, redirect: undefined, signal: undefined, headers: undefined, body: undefined };

    const replies = [await send(request()), await send(request(), unsaid as unknown as RequestInit)];

    expect(replies.map(({ status }) => status)).toEqual([302, 302]);
    expect(api.requests.map(({ method, body, headers }) => [method, body, headers['x-tenant']])).toEqual(
      Array.from({ length: 3 }, () => ['PUT', 'it', 'blue']),
    );
  });

  test('is overridden by "init", also by a signal that is null [E9 E19]', async () => {
    const { send, api } = await startFetch();
    const request = post(api.origin, 'it', { headers: { 'x-tenant': 'blue' }, signal: AbortSignal.abort() });

    await send(request, { method: 'PUT', headers: { 'x-tenant': 'green' }, signal: null });

    expect(api.requests).toMatchObject([{ method: 'PUT', body: 'it', headers: { 'x-tenant': 'green' } }]);
  });
});

test('can use one connection after a 401 that never ends, and after a redirect [E14]', async () => {
  const { send, api } = await startFetch();
  const dispatcher = new Agent({ connections: 1 });
  cleanUp(() => dispatcher.destroy());
  const closed = gate();
  api.answer(({ headers, path }, response) => {
    if (path === '/old') return { status: 307, headers: { location: '/orders' }, body: 'x'.repeat(100_000) };
    if (headers.authorization !== 'Bearer token-1') return { body: 'done' };
    response.on('close', closed.open);
    response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' });
    response.write('no '.repeat(1_000));
    return undefined;
  });
  const init = { dispatcher } as object;

  const replies = [await send(`${api.origin}/old`, init), await send(`${api.origin}/orders`, init)];

  expect(await Promise.all(replies.map((reply) => reply.text()))).toEqual(['done', 'done']);
  await closed.opened;
});

test('frees the connection also if the renewal fails [E14]', async () => {
  const { send, api, clock, authorizationServer } = await startFetch();
  const closed = gate();
  api.answer((_request, response) => {
    // It expires while the reply is on its way.
    clock.advance(3_600_000);
    authorizationServer.script({ status: 503 });
    response.on('close', closed.open);
    response.writeHead(401);
    response.write('no');
    return undefined;
  });

  await expect(send(`${api.origin}/orders`)).rejects.toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });

  await closed.opened;
});

test('delivers an endless response as soon as it begins [E16]', async () => {
  const { send, api } = await startFetch();
  api.answer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    return undefined;
  });

  const { body } = await send(`${api.origin}/events`);

  const reader = body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
  await reader?.cancel();
});

test('of two nested adapters for one origin only the outer one adds a token; for two origins each does [E18]', async () => {
  const [one, two] = [await startSurroundings(), await startSurroundings()];
  two.authorizationServer.script({ body: { access_token: 'two', token_type: 'Bearer' } });
  const inner = withBearerToken(fetch, one.tokens, { origins: [one.api.origin] });
  const nested = withBearerToken(inner, two.tokens, { origins: [two.api.origin] });
  const rival = withBearerToken(inner, two.tokens, { origins: [one.api.origin] });

  await nested(one.api.origin);
  await nested(two.api.origin);
  await rival(one.api.origin);

  expect(authorizations(one.api.requests)).toEqual(['Bearer token-1', 'Bearer two']);
  expect(authorizations(two.api.requests)).toEqual(['Bearer two']);
});

test('gets its own tokens through itself without recursion [E17]', async () => {
  const { api, authorizationServer } = await startSurroundings();
  const circle: typeof fetch = (input, init) => send(input, init);
  const { tokenEndpoint } = authorizationServer;
  const tokens = createTokenService({ tokenEndpoint, clientId: 'orders', clientSecret: 'secret', fetch: circle });
  const send = withBearerToken(fetch, tokens, { origins: [api.origin, authorizationServer.origin] });

  const reply = await send(`${api.origin}/orders`);

  expect(reply.status).toBe(200);
  expect(authorizationServer.grants[0]?.headers.authorization).toMatch(/^Basic /);
});

test('a 401 whose body breaks off causes a resend: its header is complete [E22]', async () => {
  const { send, api } = await startFetch();
  api.answer(({ headers }, response) => {
    if (headers.authorization !== 'Bearer token-1') return { body: 'done' };
    response.writeHead(401, { 'content-length': 100 });
    response.write('x', () => setImmediate(() => response.destroy()));
    return undefined;
  });

  const reply = await send(`${api.origin}/orders`);

  expect(await text(reply.body as ReadableStream)).toBe('done');
});
