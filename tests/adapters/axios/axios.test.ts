import { expect, test } from '@jest/globals';
import axios, { AxiosHeaders } from 'axios';

import { bearerToken, type BearerTokenOptions } from '../../../src/adapters/axios/index.js';
import { ConfigurationError } from '../../../src/core/errors.js';
import type { TokenRequest } from '../../../src/core/token-request.js';
import { staticToken } from '../../../src/service/static-token.js';
import { startAxios } from '../../support/adapter-axios.js';
import { gate, startSurroundings } from '../../support/adapter-service.js';
import { rejected, startResourceServer } from '../../support/resource-server.js';
import { posixTest } from '../../support/posix-test.js';
import { runProgram } from '../../support/run-program.js';
import { untilRenewed } from '../../support/until.js';

const scopeOf = (body: string): string | null => new URLSearchParams(body).get('scope');

test('sends a request with "tokenRequest: false" as it is', async () => {
  const { instance, api, authorizationServer } = await startAxios();
  api.answer(() => ({ body: 'public' }));

  const { data } = await instance.get<string>('/health', { tokenRequest: false });

  expect(data).toBe('public');
  expect(api.requests[0]?.headers).not.toHaveProperty('authorization');
  expect(authorizationServer.grants).toHaveLength(0);
});

test('lets a request have a token although its instance has "tokenRequest: false"', async () => {
  const { instance, api } = await startAxios({}, { tokenRequest: false });

  await instance.get('/orders', { tokenRequest: { scope: 'orders:read' } });

  expect(api.requests[0]?.headers.authorization).toBe('Bearer token-1');
});

test('uses the token request of one request, with a token of its own', async () => {
  const { instance, api, authorizationServer } = await startAxios();

  await instance.get('/orders', { tokenRequest: { scope: 'orders:read' } });
  await instance.get('/orders');
  await instance.get('/orders', { tokenRequest: { scope: ['orders:read'] } });

  expect(authorizationServer.grants.map(({ body }) => scopeOf(body))).toEqual(['orders:read', null]);
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-2',
    'Bearer token-1',
  ]);
});

test('uses the option "tokenRequest", unless a request has its own [E21]', async () => {
  const { instance, authorizationServer } = await startAxios({ tokenRequest: { scope: 'orders:read' } });

  await instance.get('/orders');
  await instance.get('/orders', { tokenRequest: { scope: 'orders:write' } });

  expect(authorizationServer.grants.map(({ body }) => scopeOf(body))).toEqual(['orders:read', 'orders:write']);
});

test('calls the function "tokenRequest" with the outgoing request [E21 R-64]', async () => {
  const seen: (string | undefined)[] = [];
  const { instance, api, authorizationServer } = await startAxios({
    tokenRequest(config): TokenRequest | undefined {
      seen.push(config.url);
      const tenant = config.headers.get('x-tenant')?.toString();
      return tenant === undefined ? undefined : { parameters: { tenant } };
    },
  });
  instance.interceptors.request.use((config) => {
    if (config.url === '/blue') config.headers.set('x-tenant', 'blue');
    return config;
  });

  await instance.get('/blue');
  await instance.get('/plain');

  expect(seen).toEqual(['/blue', '/plain']);
  expect(authorizationServer.grants.map(({ body }) => new URLSearchParams(body).get('tenant'))).toEqual(['blue', null]);
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('renews only the token that was rejected [E21]', async () => {
  const { instance, api, authorizationServer } = await startAxios();
  await instance.get('/orders', { tokenRequest: { scope: 'a' } });
  await instance.get('/orders', { tokenRequest: { scope: 'b' } });
  api.revoke('token-2');

  await instance.get('/orders', { tokenRequest: { scope: 'b' } });
  await instance.get('/orders', { tokenRequest: { scope: 'a' } });

  expect(authorizationServer.grants.map(({ body }) => scopeOf(body))).toEqual(['a', 'b', 'b']);
  expect(api.requests.slice(-2).map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-3',
    'Bearer token-1',
  ]);
});

test('sends nothing if the function "tokenRequest" throws or returns an invalid token request [E13]', async () => {
  const { instance, api } = await startAxios({
    tokenRequest({ url }) {
      if (url === '/throws') throw new Error('no tenant');
      return { scope: 'not "allowed"' };
    },
  });

  await expect(instance.get('/throws')).rejects.toThrow('no tenant');
  await expect(instance.get('/malformed')).rejects.toThrow(ConfigurationError);

  expect(api.requests).toHaveLength(0);
});

test.each<[NonNullable<BearerTokenOptions['resend']>, string, number]>([
  ['all', 'post', 2],
  ['safe', 'get', 2],
  ['safe', 'head', 2],
  ['safe', 'options', 2],
  ['safe', 'post', 1],
  ['safe', 'put', 1],
  ['safe', 'delete', 1],
  ['never', 'get', 1],
])('with resend "%s" sends a rejected %s %d time(s) [E10 R-40]', async (resend, method, times) => {
  const { instance, api } = await startAxios({ resend }, { validateStatus: () => true });
  api.revoke('token-1');

  const { status } = await instance.request({ method, url: '/orders' });

  expect(status).toBe(times === 2 ? 200 : 401);
  expect(api.requests).toHaveLength(times);
});

test('has another token for the next request if the option "resend" forbade a resend [E10]', async () => {
  const { instance, api, events, tokens } = await startAxios({ resend: 'never' });
  api.revoke('token-1');

  await expect(instance.get('/orders')).rejects.toThrow('401');
  await untilRenewed(tokens);
  await instance.get('/orders');

  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  const event = { type: 'request.not_resent', method: 'get', origin: api.origin, reason: 'resend option' };
  expect(events).toMatchObject([{ ...event, service: 'orders' }]);
});

test('emits an event for a resend, and for a request that is not resent', async () => {
  const { instance, api, events } = await startAxios({}, { validateStatus: () => true });
  api.answer(() => rejected());

  await instance.get('/orders');
  await instance.post('/orders', 'an order');

  expect(events).toMatchObject([
    { type: 'request.resent', method: 'get', origin: api.origin, reason: 'token rejected' },
    { type: 'request.not_resent', method: 'get', origin: api.origin, reason: 'resent already' },
    { type: 'request.not_resent', method: 'post', origin: api.origin, reason: 'same token' },
  ]);
});

test('resends also if the event sink throws', async () => {
  const { instance, api } = await startAxios({
    onEvent() {
      throw new Error('full');
    },
  });
  api.revoke('token-1');

  const { status } = await instance.get('/orders');

  expect(status).toBe(200);
});

test.each([
  ['a 403 to a bad token', { status: 403, body: { code: 'TOKEN' } }],
  ['a 400 to an expired token', { status: 400, body: { code: 'TOKEN' } }],
  ['a 200 that holds an error', { status: 200, body: { code: 'TOKEN' } }],
])('resends after %s if "isRejected" returns true [E15 E25]', async (_what, answer) => {
  const { instance, api, authorizationServer } = await startAxios({
    isRejected: ({ data }) => String(data).includes('"TOKEN"'),
  });
  api.answer(({ headers }) => (headers.authorization === 'Bearer token-1' ? answer : { body: 'done' }));

  const { data } = await instance.get<string>('/orders');

  expect(data).toBe('done');
  expect(api.requests).toHaveLength(2);
  expect(authorizationServer.grants).toHaveLength(2);
});

test('calls "isRejected" in addition to the check of the challenge [E25]', async () => {
  const { instance, api } = await startAxios({ isRejected: () => false });
  api.revoke('token-1');

  const { status } = await instance.get('/orders');

  expect(status).toBe(200);
});

test('sends tokens to the listed origins only [E11 R-64]', async () => {
  const { tokens, api } = await startSurroundings();
  const [listed, unlisted] = [await startResourceServer(), await startResourceServer()];
  const instance = axios.create({ baseURL: unlisted.origin, validateStatus: () => true });
  instance.interceptors.request.use(bearerToken(tokens, { origins: [api.origin, `${listed.origin}/`] }));

  await instance.get(`${api.origin}/orders`);
  await instance.get(`${listed.origin}/orders`);
  await instance.get('/orders');

  expect(api.requests[0]?.headers.authorization).toBe('Bearer token-1');
  expect(listed.requests[0]?.headers.authorization).toBe('Bearer token-1');
  expect(unlisted.requests[0]?.headers).not.toHaveProperty('authorization');
});

test('renews no token for the 401 of an origin that did not receive it [E11 R-37]', async () => {
  const { instance, api, authorizationServer } = await startAxios({}, { validateStatus: () => true });
  const other = await startResourceServer();
  api.answer(() => ({ status: 302, headers: { location: `${other.origin}/moved` } }));

  const { status } = await instance.get('/orders');

  expect(status).toBe(401);
  expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
  expect(authorizationServer.grants).toHaveLength(1);
});

test('requires "origins" without a "baseURL" [F10]', async () => {
  const { tokens, api } = await startSurroundings();
  const instance = axios.create();
  instance.interceptors.request.use(bearerToken(tokens));

  await expect(instance.get(`${api.origin}/orders`)).rejects.toThrow(ConfigurationError);
  await expect(instance.get(`${api.origin}/orders`)).rejects.toThrow(/"origins".*"baseURL"/);

  expect(api.requests).toHaveLength(0);
});

test('works without "baseURL" when "origins" is given', async () => {
  const { tokens, api } = await startSurroundings();
  const instance = axios.create();
  instance.interceptors.request.use(bearerToken(tokens, { origins: [api.origin] }));

  const { status } = await instance.get(`${api.origin}/orders`);

  expect(status).toBe(200);
});

test('rejects a "baseURL" with http to another machine [E20 R-27]', async () => {
  const { instance, authorizationServer } = await startAxios({}, { baseURL: 'http://api.example.com' });

  await expect(instance.get('/orders')).rejects.toThrow(ConfigurationError);
  await expect(instance.get('/orders')).rejects.toThrow(/"baseURL".*http:\/\/api\.example\.com.*https/);

  expect(authorizationServer.grants).toHaveLength(0);
});

test('rejects such an origin when the interceptor is made [E20 R-27]', () => {
  const tokens = staticToken('key');

  expect(() => bearerToken(tokens, { origins: ['http://api.example.com'] })).toThrow(ConfigurationError);
});

test.each<[object, RegExp]>([
  [{ orgins: ['https://api.example.com'] }, /"orgins".*did you mean "origins"/],
  [{ onevent: () => undefined }, /"onevent".*did you mean "onEvent"/],
  [{ isrejected: () => true }, /"isrejected".*did you mean "isRejected"/],
  [{ scope: 'a' }, /"scope".*its options are|"scope".*did you mean/],
  [{ resend: 'sometimes' }, /"resend".*"all" or "safe" or "never"/],
  [{ origins: 'https://api.example.com' }, /"origins".*list/],
  [{ origins: ['api.example.com'] }, /"origins".*"api\.example\.com".*absolute/],
  [{ request: 'orders:read' }, /"request"/],
  [{ isRejected: true }, /"isRejected".*function/],
  [{ onEvent: {} }, /"onEvent".*function/],
])('refuses the options %j [F10]', (options, message) => {
  const make = (): unknown => bearerToken(staticToken('key'), options);

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});

test('with "validateStatus" that accepts every status, a 401 is a response [E2]', async () => {
  const { instance, api } = await startAxios({}, { validateStatus: () => true });
  api.answer(() => rejected());

  const { status } = await instance.get('/orders');

  expect(status).toBe(401);
  expect(api.requests).toHaveLength(2);
});

test('with "validateStatus" that accepts no status, a 401 causes a resend, and its 200 is an error [E1]', async () => {
  const { instance, api } = await startAxios({}, { validateStatus: () => false });
  api.revoke('token-1');

  await expect(instance.get('/orders')).rejects.toMatchObject({ response: { status: 200 } });

  expect(api.requests).toHaveLength(2);
});

test('adds no token to a request with the option "auth" [E12]', async () => {
  const { instance, api, authorizationServer } = await startAxios(
    {},
    { auth: { username: 'me', password: 'pass' }, validateStatus: () => true },
  );

  await instance.get('/orders');

  expect(api.requests[0]?.headers.authorization).toBe(`Basic ${btoa('me:pass')}`);
  expect(authorizationServer.grants).toHaveLength(0);
});

test('attaches the token when "auth" is switched off for a request [E12]', async () => {
  const { instance, api } = await startAxios({}, { auth: { username: 'me', password: 'pass' } });

  await instance.get('/orders', { auth: null } as object);

  expect(api.requests[0]?.headers.authorization).toBe('Bearer token-1');
});

test('adds no token if the URL of the request or the "baseURL" has credentials [E12 R-31]', async () => {
  const { tokens, api, authorizationServer } = await startSurroundings();
  const withCredentials = api.origin.replace('//', '//me:pass@');
  api.answer(() => ({ body: 'done' }));
  const plain = axios.create({ baseURL: api.origin });
  plain.interceptors.request.use(bearerToken(tokens));
  const credentialed = axios.create({ baseURL: withCredentials });
  credentialed.interceptors.request.use(bearerToken(tokens));

  await plain.get(`${withCredentials}/orders`);
  await credentialed.get('/orders');
  await credentialed.get(`${withCredentials}/orders`);

  const basic = `Basic ${btoa('me:pass')}`;
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([basic, basic, basic]);
  expect(authorizationServer.grants).toHaveLength(0);
});

test('attaches the token when the caller’s Authorization is undefined', async () => {
  const { instance, api } = await startAxios();

  await instance.get('/orders', { headers: { Authorization: undefined } } as object);
  await instance.get('/orders', { headers: { authorization: undefined } } as object);

  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-1']);
});

test('keeps an Authorization of the defaults of the instance [E12]', async () => {
  const { instance, api } = await startAxios({}, { headers: new AxiosHeaders({ authorization: 'ApiKey 7' }) });
  api.answer(() => ({ body: 'done' }));

  await instance.get('/orders');

  expect(api.requests[0]?.headers.authorization).toBe('ApiKey 7');
});

test('gets its own tokens without recursion if the interceptor is on the global axios [E17]', async () => {
  const { tokens, api, authorizationServer } = await startSurroundings();
  const id = axios.interceptors.request.use(bearerToken(tokens, { origins: [api.origin] }));

  const { status } = await axios.get(`${api.origin}/orders`).finally(() => axios.interceptors.request.eject(id));

  expect(status).toBe(200);
  expect(authorizationServer.grants).toHaveLength(1);
  expect(authorizationServer.grants[0]?.headers.authorization).toMatch(/^Basic /);
});

test('passes on an error that the token source throws synchronously [E13]', async () => {
  const { api } = await startSurroundings();
  const instance = axios.create({ baseURL: api.origin });
  instance.interceptors.request.use(
    bearerToken({
      getToken() {
        throw new Error('synchronous');
      },
    }),
  );

  await expect(instance.get('/orders')).rejects.toThrow('synchronous');

  expect(api.requests).toHaveLength(0);
});

test('ends with a CanceledError if the caller aborts the wait for a token [E19]', async () => {
  const { api } = await startSurroundings();
  const instance = axios.create({ baseURL: api.origin });
  instance.interceptors.request.use(bearerToken({ getToken: (_request, options) => untilAborted(options?.signal) }));
  const caller = new AbortController();

  const answer = instance.get('/orders', { signal: caller.signal }).catch((error: unknown) => error);
  setImmediate(() => caller.abort());

  expect(axios.isCancel(await answer)).toBe(true);
});

test('ends the wait for a token when a CancelToken is cancelled [E19]', async () => {
  const { api } = await startSurroundings();
  const asked = gate();
  const instance = axios.create({ baseURL: api.origin });
  instance.interceptors.request.use(
    bearerToken({
      getToken(_request, options) {
        asked.open();
        return untilAborted(options?.signal);
      },
    }),
  );
  const caller = axios.CancelToken.source();

  const answer = instance.get('/orders', { cancelToken: caller.token }).catch((error: unknown) => error);
  await asked.opened;
  caller.cancel('gone');
  const outcome = await Promise.race([answer, new Promise((resolve) => setImmediate(resolve, 'still waiting'))]);

  expect(outcome).not.toBe('still waiting');
  expect(axios.isCancel(outcome)).toBe(true);
});

test.each<[string, BearerTokenOptions]>([
  ['was sent', {}],
  [
    'could not be sent',
    {
      tokenRequest: () => {
        throw new Error('no tenant');
      },
    },
  ],
])('leaves no listener on a CancelToken when a request %s [D16]', async (_what, options) => {
  const { instance } = await startAxios(options);
  const { token } = axios.CancelToken.source();
  const listeners = new Set<unknown>();
  token.subscribe = (listener) => void listeners.add(listener);
  token.unsubscribe = (listener) => void listeners.delete(listener);

  await instance.get('/orders', { cancelToken: token }).catch((error: unknown) => error);

  expect(listeners.size).toBe(0);
});

posixTest(
  'keeps no process alive [D16 D19]',
  async () => {
    const { authorizationServer, api } = await startSurroundings();
    api.revoke('token-1');

    const outcome = await runProgram('tests/support/adapter-exit.ts', {
      argv: [authorizationServer.tokenEndpoint, api.origin],
    });

    expect(outcome).toEqual({ exitCode: 0, stdout: '200,200,200', stderr: '' });
    expect(api.requests).toHaveLength(6);
  },
  30_000,
);

test.each([[undefined], [null], ['a string']])(
  'passes on the value that an adapter rejects with: %p',
  async (reason) => {
    const { instance } = await startAxios({}, { adapter: () => Promise.reject(reason) });

    const thrown: unknown = await instance.get('/orders').catch((error: unknown) => error);

    expect(thrown).toBe(reason);
  },
);

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

test('attaches the token to a request without a URL: it goes to the base URL', async () => {
  const { instance, api } = await startAxios();

  const { status } = await instance.request({});

  expect(status).toBe(200);
  expect(api.requests[0]).toMatchObject({ method: 'GET', path: '/', headers: { authorization: 'Bearer token-1' } });
});

test('sends by the default adapter of axios if another interceptor removed the adapter', async () => {
  const { instance } = await startAxios();
  instance.interceptors.request.use((config) => {
    delete config.adapter;
    return config;
  });

  const { status } = await instance.get('/orders');

  expect(status).toBe(200);
});

test.each([undefined, null, 'token', {}, { getToken: 'token' }])('rejects %j as tokens [F10]', (tokens) => {
  expect(() => bearerToken(tokens as never)).toThrow(ConfigurationError);
  expect(() => bearerToken(tokens as never)).toThrow(/^"tokens" of bearerToken must be .*getToken/);
});
