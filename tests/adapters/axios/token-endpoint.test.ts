import { describe, expect, test } from '@jest/globals';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { clientSecretBasic, clientSecretPost, createTokenService, type TokenServiceOptions } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { granted } from '../../support/authorization-server.js';
import { type Answer, type HttpServer, startHttpServer } from '../../support/http-server.js';

/** A server that is the authorization server and the API at once, so that one origin sees both. */
const startBoth = (): Promise<HttpServer> =>
  startHttpServer(({ path, headers }): Answer => {
    if (path === '/token') return granted('token');
    return headers.authorization === 'Bearer token' ? { body: 'done' } : { status: 401 };
  });

/** A fetch that goes through an axios instance. */
const through =
  (instance: AxiosInstance, config: AxiosRequestConfig = {}): typeof fetch =>
  async (input, init) => {
    const { url, method, headers, body } = new Request(input, init);
    const {
      status,
      data,
      headers: answered,
    } = await instance.request<string>({
      url,
      method,
      headers: Object.fromEntries(headers),
      data: body === null ? undefined : await new Response(body).text(),
      responseType: 'text',
      transformResponse: (text: unknown) => text,
      validateStatus: () => true,
      ...(init?.signal && { signal: init.signal }),
      ...config,
    });
    return new Response(data, { status, headers: { 'content-type': String(answered['content-type']) } });
  };

/** A token service whose grants go through the very instance that presents its tokens. */
function circular(origin: string, options: Partial<TokenServiceOptions>, config?: AxiosRequestConfig): AxiosInstance {
  const instance = axios.create({ baseURL: origin });
  const tokens = createTokenService({
    tokenEndpoint: `${origin}/token`,
    clientId: 'orders',
    fetch: through(instance, config),
    ...options,
  });
  instance.interceptors.request.use(bearerToken(tokens));
  return instance;
}

describe('a "fetch" that sends token requests through the instance with the interceptor [E17]', () => {
  test('works if the token request has an Authorization of its own, which is kept', async () => {
    const { origin, requests } = await startBoth();
    const instance = circular(origin, { clientAuthentication: clientSecretBasic('secret') });

    const { data } = await instance.get<string>('/orders');

    expect(data).toBe('done');
    expect(requests.map(({ path }) => path)).toEqual(['/token', '/orders']);
  });

  test('works if it sets "tokenRequest: false"', async () => {
    const { origin, requests } = await startBoth();
    const instance = circular(origin, { clientAuthentication: clientSecretPost('secret') }, { tokenRequest: false });

    const { data } = await instance.get<string>('/orders');

    expect(data).toBe('done');
    expect(requests.map(({ path }) => path)).toEqual(['/token', '/orders']);
  });

  test('works if it sets nothing: a pending token request gets no token [E30]', async () => {
    const { origin, requests } = await startBoth();
    const instance = circular(origin, { clientAuthentication: clientSecretPost('secret') });

    const { data } = await instance.get<string>('/orders');

    expect(data).toBe('done');
    expect(requests.map(({ path }) => path)).toEqual(['/token', '/orders']);
  });
});
