import { expect, test } from '@jest/globals';
import axios, { type AxiosInstance } from 'axios';
import { buildKeyGenerator, setupCache } from 'axios-cache-interceptor';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { startAuthorizationServer } from '../../support/authorization-server.js';
import { startResourceServer } from '../../support/resource-server.js';

// Runs last, and so before the cache, which is to see the token request in the key.
const generateKey = buildKeyGenerator(({ method, url, params, data, tokenRequest: token }) => ({
  method,
  url,
  params,
  data,
  token,
}));
const cache = (instance: AxiosInstance) => void setupCache(instance, { generateKey });

/** An instance that two tenants share: what makes it up is added in the order that is given. */
async function startTenants(...steps: ('cache' | 'tenant' | 'token')[]) {
  const [server, api] = [await startAuthorizationServer(), await startResourceServer()];
  api.answer(({ headers }) => ({ headers: { 'cache-control': 'max-age=60' }, body: `for ${headers.authorization}` }));
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    clientId: 'orders',
    clientSecret: 'secret',
  });
  const instance = axios.create({ baseURL: api.origin });
  let tenant = '';
  const add = {
    cache: () => cache(instance),
    token: () => void instance.interceptors.request.use(bearerToken(tokens)),
    tenant: () =>
      void instance.interceptors.request.use((config) => Object.assign(config, { tokenRequest: { scope: tenant } })),
  };
  for (const step of steps) add[step]();
  const get = async (name: string): Promise<unknown> => {
    tenant = name;
    return (await instance.get<unknown>('/orders')).data;
  };
  return { get, api, server };
}

test('in the documented order no tenant gets the cached response of another [E37]', async () => {
  const { get, api, server } = await startTenants('cache', 'token', 'tenant');

  const bodies = [await get('a'), await get('b'), await get('a'), await get('b')];

  expect(bodies).toEqual(['for Bearer token-1', 'for Bearer token-2', 'for Bearer token-1', 'for Bearer token-2']);
  expect(api.requests).toHaveLength(2);
  expect(server.grants).toHaveLength(2);
});

test('in the wrong order a tenant does: the cache key is made before the token request is known', async () => {
  const { get } = await startTenants('tenant', 'cache', 'token');

  expect([await get('a'), await get('b')]).toEqual(['for Bearer token-1', 'for Bearer token-1']);
});
