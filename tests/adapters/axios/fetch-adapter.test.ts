import { Readable } from 'node:stream';

import { describe, expect, jest, test } from '@jest/globals';
import axios, { type AxiosRequestConfig, getAdapter } from 'axios';

import { startAxios } from '../../support/adapter-axios.js';
import { startHttpServer } from '../../support/http-server.js';
import { nodeFetches } from '../../support/node-fetch.js';
import { rejected } from '../../support/resource-server.js';
import { untilRenewed } from '../../support/until.js';

type Fetch = NonNullable<NonNullable<AxiosRequestConfig['env']>['fetch']>;

/** An API whose answer to a POST leads to another URL, where `token-1` is rejected. */
async function startOrders(config: AxiosRequestConfig) {
  const world = await startAxios({}, { validateStatus: () => true, ...config });
  world.api.answer(({ method, headers }) => {
    if (method === 'POST') return { status: 303, headers: { location: '/orders/1' } };
    return headers.authorization === 'Bearer token-1' ? rejected() : { body: 'the order' };
  });
  const posts = () => world.api.requests.filter(({ method }) => method === 'POST').length;
  return { ...world, posts };
}

describe('a POST whose redirect ends in a 401 is carried out once by', () => {
  test.each<[string, AxiosRequestConfig]>([
    ['the name of the adapter', { adapter: 'fetch' }],
    ['a list of adapters', { adapter: ['xhr', 'fetch'] }],
    ['the adapter itself', { adapter: getAdapter('fetch') }],
    ['an adapter made for a fetch', { adapter: getAdapter('fetch', { env: { fetch: (...args) => fetch(...args) } }) }],
    ['a fetch of the caller', { adapter: 'fetch', env: { fetch: (...args) => fetch(...args) } }],
    ['a fetch that is given no Request', { adapter: 'fetch', env: { Request: null } as object }],
  ])('%s [E27]', async (_what, config) => {
    const { instance, posts, events, tokens } = await startOrders(config);

    const { status } = await instance.post<unknown>('/orders', 'an order');
    await untilRenewed(tokens);
    const next = await instance.get<unknown>('/orders/1');

    expect(status).toBe(401);
    expect(posts()).toBe(1);
    expect(next.data).toBe('the order');
    expect(events).toMatchObject([{ type: 'request.not_resent', reason: 'redirected' }]);
  });
});

describe.each(nodeFetches)('%s in "env"', (_name, { fetch: nodeFetch, Request: NodeRequest }) => {
  const env = { fetch: nodeFetch, Request: NodeRequest } as NonNullable<AxiosRequestConfig['env']>;

  test.each([301, 302, 303, 307, 308])('sends no token after a %d to another origin [E11 R-42]', async (status) => {
    const { instance, api } = await startAxios({}, { adapter: 'fetch', env });
    const other = await startHttpServer(({ body }) => ({ body }));
    api.answer(() => ({ status, headers: { location: `${other.origin}/moved` } }));

    const { data, request } = await instance.post<unknown>('/orders', 'an order');

    const { headers, method } = other.requests[0] ?? {};
    expect(headers?.authorization).toBeUndefined();
    expect([method, data]).toEqual(status < 307 ? ['GET', ''] : ['POST', 'an order']);
    expect(request).toMatchObject({ res: { responseUrl: `${other.origin}/moved` }, wasRedirected: true });
  });
});

test('a long upload is sent without a copy of it in memory', async () => {
  const { instance } = await startAxios({}, { adapter: 'fetch' });
  const copy = jest.spyOn(Request.prototype, 'clone');

  const { status } = await instance.post<unknown>('/orders', Readable.from(['an ', 'order']));
  const copies = copy.mock.calls.length;
  copy.mockRestore();

  expect(status).toBe(200);
  expect(copies).toBe(0);
});

test('a custom fetch gets the arguments of axios, and the config stays unchanged [E27]', async () => {
  const calls: unknown[][] = [];
  const own: Fetch = (...args) => {
    calls.push(args);
    return fetch(...args);
  };
  const env = { fetch: own };
  const { instance, api } = await startAxios({}, { adapter: 'fetch', env });
  api.revoke('token-1');

  const { config, request } = await instance.post<unknown>('/orders', 'an order');
  const [posted, bare] = [
    calls.length,
    await axios.post<unknown>(api.origin, '', { adapter: 'fetch', env, validateStatus: null }),
  ];

  expect(posted).toBe(2);
  const inits = [{ redirect: 'manual' }, { redirect: 'manual' }, undefined];
  expect(calls.map(([input, init]) => [input?.constructor, init])).toEqual(inits.map((init) => [Request, init]));
  expect(config.env?.fetch).toBe(own);
  expect(Object.keys(config.env ?? {})).toEqual(Object.keys(bare.config.env ?? {}));
  expect(request).toMatchObject({ method: 'POST', res: { responseUrl: `${api.origin}/orders` }, wasRedirected: false });
});

test('an adapter is made once for each fetch, for all requests and interceptors', async () => {
  let probes = 0;
  class Counted extends Request {
    constructor(input: string | URL | Request, init?: RequestInit) {
      super(input, init);
      // As axios makes an adapter, it tries what a Request can do.
      if (!this.url.startsWith('http://127.0.0.1')) probes += 1;
    }
  }
  const config: AxiosRequestConfig = {
    adapter: 'fetch',
    env: { Request: Counted, fetch: (...args) => fetch(...args) },
  };
  const first = await startAxios({}, config);
  await first.instance.get('/orders');
  const before = probes;

  const second = await startAxios({}, config);
  for (let request = 0; request < 10; request += 1) {
    await first.instance.get('/orders');
    await second.instance.get('/orders');
  }

  expect(before).toBeGreaterThan(0);
  expect(probes).toBe(before);
});

test('a rejected response stream whose clone is not read does not delay the resend [E14]', async () => {
  const clones: Response[] = [];
  const logging: Fetch = async (...args) => {
    const response = await fetch(...args);
    clones.push(response.clone());
    return response;
  };
  const { instance, api } = await startAxios({}, { adapter: 'fetch', responseType: 'stream', env: { fetch: logging } });
  api.revoke('token-1');

  const { status } = await instance.get<unknown>('/orders');

  expect(status).toBe(200);
  expect(clones).toHaveLength(2);
});

test('an adapter that was made for one fetch ignores the fetch of the config', async () => {
  const env = { fetch: () => Promise.reject(new Error('the fetch of the config')) };
  const { instance, api } = await startAxios({}, { adapter: getAdapter('fetch'), env });
  api.revoke('token-1');

  const { status } = await instance.post<unknown>('/orders', 'an order');

  expect(status).toBe(200);
  expect(api.requests).toHaveLength(2);
});

test('a global fetch that is replaced later is used', async () => {
  const { instance, api } = await startAxios({}, { adapter: 'fetch' });
  await instance.get('/orders');
  const usual = globalThis.fetch;
  globalThis.fetch = () => Promise.resolve(new Response('replaced'));

  const { data, request } = await instance.get<unknown>('/orders').finally(() => {
    globalThis.fetch = usual;
  });

  expect(data).toBe('replaced');
  // A response that was made by hand has no URL.
  expect(request).toMatchObject({ res: { responseUrl: `${api.origin}/orders` }, wasRedirected: false });
  expect(api.requests).toHaveLength(1);
});
