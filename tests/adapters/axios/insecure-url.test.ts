import { expect, test } from '@jest/globals';
import axios, { type AxiosRequestConfig } from 'axios';

import { bearerToken, type BearerTokenOptions } from '../../../src/adapters/axios/index.js';
import { dangerouslyAllowHttp } from '../../../src/core/insecure-url.js';
import { staticToken } from '../../../src/service/static-token.js';
import { cleanUp } from '../../support/clean-up.js';
import { failureOf } from '../../support/grant-outcome.js';
import { outerAddress, startHttpServer } from '../../support/http-server.js';
import { startResourceServer } from '../../support/resource-server.js';

function instanceWith(config: AxiosRequestConfig, options: BearerTokenOptions = {}) {
  const instance = axios.create(config);
  instance.interceptors.request.use(bearerToken(staticToken('token-1'), options));
  return instance;
}

test('a "baseURL" with http is a string, and "origins" allows it [G1]', async () => {
  const api = await startResourceServer(outerAddress);
  const instance = instanceWith({ baseURL: `${api.origin}/v1` }, { origins: [dangerouslyAllowHttp(api.origin)] });

  const { data } = await instance.get<{ path: string }>('/orders');

  expect(data.path).toBe('/v1/orders');
});

test('the error for a "baseURL" with http shows the line that allows it [G1]', async () => {
  const error = await failureOf(instanceWith({ baseURL: 'http://orders/v1' }).get('/'));

  expect(error).toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringMatching(/^"baseURL" holds .* set origins: \[dangerouslyAllowHttp\('http:\/\/orders'\)\]$/),
  });
});

test('an allowed origin is never reached through a proxy [G1]', async () => {
  const [api, proxy] = [await startResourceServer(outerAddress), await startHttpServer(() => ({ status: 502 }))];
  const options = { origins: [dangerouslyAllowHttp(api.origin)] };
  const { hostname: host, port } = new URL(proxy.origin);

  const error = await failureOf(
    instanceWith({ proxy: { protocol: 'http', host, port: Number(port) } }, options).get(api.origin),
  );
  process.env['HTTP_PROXY'] = proxy.origin;
  cleanUp(() => void delete process.env['HTTP_PROXY']);
  const { status } = await instanceWith({}, options).get(api.origin);

  expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringContaining('proxy: false') });
  expect(status).toBe(200);
  expect(proxy.requests).toEqual([]);
});
