import { expect, test } from '@jest/globals';
import axios, { type AxiosError, AxiosHeaders, isAxiosError } from 'axios';

import { bearerToken } from '../../../src/adapters/axios/index.js';
import { startAxios } from '../../support/adapter-axios.js';
import { startSurroundings } from '../../support/adapter-service.js';
import { rejected, startResourceServer } from '../../support/resource-server.js';

test('other request interceptors run once and see no token, before ours and after [E18]', async () => {
  const { tokens, api } = await startSurroundings();
  const seen: string[] = [];
  const instance = axios.create({ baseURL: api.origin });
  const look = (name: string): void => {
    instance.interceptors.request.use((config) => {
      seen.push(`${name} ${String(config.headers.get('Authorization'))}`);
      return config;
    });
  };
  look('after');
  instance.interceptors.request.use(bearerToken(tokens));
  look('before');
  api.revoke('token-1');

  await instance.get('/orders');

  expect(seen).toEqual(['before undefined', 'after undefined']);
  expect(api.requests).toHaveLength(2);
});

test('response interceptors see only the final response [E18]', async () => {
  const { instance, api } = await startAxios();
  const seen: unknown[] = [];
  instance.interceptors.response.use(
    (response) => {
      seen.push(response.status);
      return response;
    },
    (error: AxiosError) => {
      seen.push(error);
      throw error;
    },
  );
  api.revoke('token-1');

  await instance.get('/orders');

  expect(seen).toEqual([200]);
});

test('transforms run once, on the final response [E9]', async () => {
  const requests: unknown[] = [];
  const responses: unknown[] = [];
  const { instance, api } = await startAxios(
    {},
    {
      transformRequest: (body: unknown) => {
        requests.push(body);
        return JSON.stringify({ wrapped: body });
      },
      transformResponse: (body: unknown) => {
        responses.push(body);
        return body;
      },
    },
  );
  api.answer(({ headers, body }) => (headers.authorization === 'Bearer token-1' ? rejected() : { body }));

  const { data } = await instance.post<string>('/orders', 'an order');

  expect(data).toBe('{"wrapped":"an order"}');
  expect(requests).toEqual(['an order']);
  expect(responses).toEqual(['{"wrapped":"an order"}']);
  expect(api.requests.map(({ body }) => body)).toEqual(['{"wrapped":"an order"}', '{"wrapped":"an order"}']);
});

test.each([['url'], ['baseURL']])(
  'sends no token if a later interceptor changes %s to another origin [E11 R-65]',
  async (member) => {
    const { tokens, api, authorizationServer } = await startSurroundings();
    const other = await startResourceServer();
    const instance = axios.create({ baseURL: api.origin, validateStatus: () => true });
    // The one that is added first runs last.
    instance.interceptors.request.use((config) => ({ ...config, [member]: `${other.origin}/orders` }));
    instance.interceptors.request.use(bearerToken(tokens, { origins: [api.origin] }));

    const { status } = await instance.get('/orders');

    expect(status).toBe(401);
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(authorizationServer.grants).toHaveLength(0);
  },
);

test('adds no token if a later interceptor sets Authorization [E12]', async () => {
  const { tokens, api, authorizationServer } = await startSurroundings();
  const instance = axios.create({ baseURL: api.origin, validateStatus: () => true });
  instance.interceptors.request.use((config) => {
    config.headers.set('authorization', 'ApiKey 7');
    return config;
  });
  instance.interceptors.request.use(bearerToken(tokens));

  await instance.get('/orders');

  expect(api.requests[0]?.headers.authorization).toBe('ApiKey 7');
  expect(authorizationServer.grants).toHaveLength(0);
});

test('works with a later interceptor that returns a plain object', async () => {
  const { tokens, api } = await startSurroundings();
  const instance = axios.create({ baseURL: api.origin });
  instance.interceptors.request.use((config) => ({ ...config, headers: new AxiosHeaders({ 'x-plain': '1' }) }));
  instance.interceptors.request.use(bearerToken(tokens));

  await instance.get('/orders');

  expect(api.requests[0]?.headers).toMatchObject({ authorization: 'Bearer token-1', 'x-plain': '1' });
});

test('only one of two interceptors on one instance adds a token [E18]', async () => {
  const [one, two] = [await startSurroundings(), await startSurroundings()];
  const instance = axios.create({ baseURL: one.api.origin, validateStatus: () => true });
  instance.interceptors.request.use(bearerToken(one.tokens));
  instance.interceptors.request.use(bearerToken(two.tokens));
  one.api.answer(() => rejected());

  const { config } = await instance.get('/orders');

  expect(one.api.requests).toHaveLength(2);
  expect(new Set([one, two].map(({ authorizationServer }) => authorizationServer.grants.length))).toEqual(
    new Set([0, 2]),
  );
  expect(config.adapter).toEqual(axios.defaults.adapter);
});

test('two interceptors for two origins each serve their own [E11]', async () => {
  const [one, two] = [await startSurroundings(), await startSurroundings()];
  two.authorizationServer.script({ body: { access_token: 'two', token_type: 'Bearer' } });
  const instance = axios.create({ baseURL: one.api.origin });
  instance.interceptors.request.use(bearerToken(one.tokens, { origins: [one.api.origin] }));
  instance.interceptors.request.use(bearerToken(two.tokens, { origins: [two.api.origin] }));

  await instance.get('/orders');
  await instance.get(`${two.api.origin}/orders`);

  expect(one.api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1']);
  expect(two.api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer two']);
});

test('a retry of "error.config" uses the renewed token [E18]', async () => {
  const { instance, api, authorizationServer } = await startAxios();
  retryOnce(instance);
  let answers = 0;
  api.answer(({ headers, body }) => {
    if (headers.authorization === 'Bearer token-1') return rejected();
    answers += 1;
    return answers === 1 ? { status: 503 } : { body };
  });

  const { data } = await instance.post('/orders', { quantity: 3 });

  expect(data).toEqual({ quantity: 3 });
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-2',
    'Bearer token-2',
  ]);
  expect(authorizationServer.grants).toHaveLength(2);
});

test('a retry replaces a token that was rejected since the first attempt [E18]', async () => {
  const { instance, api } = await startAxios();
  retryOnce(instance);
  let answers = 0;
  api.answer(({ headers }) => {
    answers += 1;
    if (answers === 1) return { status: 503 };
    return headers.authorization === 'Bearer token-1' ? rejected() : { body: 'done' };
  });

  const { data } = await instance.get<string>('/orders');

  expect(data).toBe('done');
  expect(api.requests).toHaveLength(3);
});

test('a retry of a 401 causes no second resend with the same token [E18]', async () => {
  const { instance, api, authorizationServer } = await startAxios();
  retryOnce(instance);
  api.answer(() => rejected());

  await expect(instance.get('/orders')).rejects.toThrow('401');

  expect(api.requests).toHaveLength(3);
  expect(authorizationServer.grants).toHaveLength(2);
});

test('a caller that sends "response.config" again uses the renewed token [E18]', async () => {
  const { instance, api } = await startAxios();
  api.revoke('token-1');

  const first = await instance.get('/orders');
  const again = await instance.request(first.config);

  expect(again.status).toBe(200);
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-2',
    'Bearer token-2',
  ]);
});

test.each([['http'], ['fetch'], [undefined]])('restores the adapter of the caller: %s', async (adapter) => {
  const { instance, api } = await startAxios({}, adapter === undefined ? {} : { adapter });

  const response = await instance.get('/orders');
  api.answer(() => ({ status: 500 }));
  const error: unknown = await instance.get('/orders').catch((thrown: unknown) => thrown);

  expect(response.config.adapter).toEqual(adapter ?? axios.defaults.adapter);
  expect((error as AxiosError).config?.adapter).toEqual(adapter ?? axios.defaults.adapter);
});

test('restores the adapter of the caller after a request without a token', async () => {
  const { instance, api } = await startAxios();
  api.answer(() => ({ body: 'public' }));

  const { config } = await instance.get('/health', { tokenRequest: false });

  expect(config.adapter).toEqual(axios.defaults.adapter);
});

test('leaves the config and the headers of the caller unchanged', async () => {
  const { instance, api } = await startAxios();
  api.revoke('token-1');
  const headers = new AxiosHeaders({ 'x-tenant': 'blue' });
  const config = Object.freeze({ headers, params: Object.freeze({ limit: 1 }) });

  await instance.get('/orders', config);

  expect(headers.toJSON()).toEqual({ 'x-tenant': 'blue' });
  expect(instance.defaults.headers).not.toHaveProperty('Authorization');
});

/** What axios-retry does: sends the config of an error once more. */
function retryOnce(instance: ReturnType<typeof axios.create>): void {
  instance.interceptors.response.use(undefined, (error: unknown) => {
    if (!isAxiosError(error) || error.config === undefined || error.config.headers.has('x-retried')) throw error;
    error.config.headers.set('x-retried', '1');
    return instance.request(error.config);
  });
}
