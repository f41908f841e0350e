import { Agent as HttpsAgent } from 'node:https';

import { describe, expect, test } from '@jest/globals';
import axios, { type AxiosRequestConfig } from 'axios';
import { ProxyAgent } from 'undici';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { bearerTokenInterceptor } from '../../src/adapters/undici/index.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { staticToken } from '../../src/service/static-token.js';
import { cleanUp } from '../support/clean-up.js';
import { localhostCertificate } from '../support/grant-certificate.js';
import { listenTls } from '../support/grant-tls.js';
import { startHttpServer } from '../support/http-server.js';
import { startProxy } from '../support/proxy.js';

const tokens = staticToken('t0ken');
const ca = localhostCertificate.cert;

type Send = (url: string) => Promise<unknown>;

// How each client is told of a proxy.
const clients: Readonly<Record<string, (origin: string, proxy: URL) => Send>> = {
  'axios with "proxy"': (origin, { hostname, port }) =>
    axiosClient(origin, { proxy: { protocol: 'http', host: hostname, port: Number(port) } }),
  'axios with HTTPS_PROXY': (origin, proxy) => {
    setEnvironment('HTTPS_PROXY', proxy.href);
    return axiosClient(origin);
  },
  fetch: (origin, proxy) => {
    const authorizedFetch = withBearerToken(fetch, tokens, { origins: [origin] });
    const dispatcher = proxyAgent(proxy);
    return async (url) => (await authorizedFetch(url, { dispatcher } as object)).text();
  },
  undici: (origin, proxy) => {
    const dispatcher = proxyAgent(proxy).compose(bearerTokenInterceptor(tokens, { origins: [origin] }));
    return async (url) => {
      const { pathname: path } = new URL(url);
      return (await dispatcher.request({ origin, path, method: 'GET' })).body.text();
    };
  },
};

describe.each(Object.entries(clients))('%s through a proxy', (_name, makeClient) => {
  test('sends the token to the API, and the proxy sees none [R-25 R-27 R-95]', async () => {
    const seen: (string | undefined)[] = [];
    const port = await listenTls(({ headers }, response) => {
      seen.push(headers.authorization);
      response.end('here');
    });
    const proxy = await startProxy();
    const send = makeClient(`https://localhost:${port}`, proxy.url);

    await send(`https://localhost:${port}/orders`);

    expect(seen).toEqual(['Bearer t0ken']);
    expect(proxy.read()).toContain(`CONNECT localhost:${port} HTTP/1.1`);
    expect(proxy.read()).not.toMatch(/t0ken|authorization/i);
  });
});

describe('an API over http, which is on this machine', () => {
  test('gets no request of axios through a "proxy", which could read the token [R-25 R-27]', async () => {
    const api = await startHttpServer(() => ({ body: 'here' }));
    const proxy = await startProxy();
    const { hostname: host, port } = proxy.url;

    const asked = axiosClient(api.origin, { proxy: { protocol: 'http', host, port: Number(port) } })('/orders');

    await expect(asked).rejects.toThrow(ConfigurationError);
    await expect(asked).rejects.toThrow(/not sent over http through a proxy/);
    expect(proxy.read()).toBe('');
    expect(api.requests).toEqual([]);
  });

  test.each(['http', 'fetch'])(
    'gets the requests of axios on %s directly, although HTTP_PROXY is set [R-25 R-27]',
    async (adapter) => {
      const api = await startHttpServer(() => ({ body: 'here' }));
      const proxy = await startProxy();
      setEnvironment('HTTP_PROXY', proxy.url.href);

      await axiosClient(api.origin, { adapter })('/orders');

      expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer t0ken']);
      expect(proxy.read()).toBe('');
    },
  );
});

function axiosClient(baseURL: string, config: AxiosRequestConfig = {}): Send {
  const instance = axios.create({ baseURL, httpsAgent: new HttpsAgent({ ca }), ...config });
  instance.interceptors.request.use(bearerToken(tokens));
  return (url) => instance.get(url);
}

function proxyAgent({ href: uri }: URL): ProxyAgent {
  const agent = new ProxyAgent({ uri, requestTls: { ca } });
  cleanUp(() => agent.destroy());
  return agent;
}

function setEnvironment(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  cleanUp(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}
