import { describe, expect, test } from '@jest/globals';
import axios, { type AxiosRequestConfig } from 'axios';
import { decodeJwt } from 'jose';

import { bearerToken } from '../../../src/adapters/axios/index.js';
import { staticToken } from '../../../src/service/static-token.js';
import { connectsTo, recordingAdapter } from '../../support/adapter-axios.js';
import { fc } from '../../support/fc.js';
import { listen } from '../../support/http-server.js';
import { anyText } from '../../support/text.js';

const api = 'https://api.example.com';

// [baseURL, url, whether the origin of the API is meant]
const targets: [string, string, boolean][] = [
  [api, '/orders', true],
  [api, 'orders', true],
  [api, '', true],
  [`${api}/`, '/orders', true],
  [`${api}//`, '//orders'.slice(1), true],
  [`${api}/v1`, '../orders', true],
  [`${api}?tenant=`, '/blue', true],
  [`${api}:443`, '/orders', true],
  ['HTTPS://API.Example.COM', '/orders', true],
  [api, `${api}/orders`, true],
  [api, `${api}:443/orders`, true],
  [api, 'HTTPS://API.EXAMPLE.COM/orders', true],
  [api, 'https://api.ex%61mple.com/orders', true],
  [api, 'https://api\u3002example\uff0ecom/orders', true],
  [api, 'https:///api.example.com/orders', true],
  [api, 'https://api.example.com\\@other.example.com/orders', true],
  [api, '\\\\other.example.com/orders', true],
  [api, '/\\other.example.com/orders', true],
  [api, '/@other.example.com/orders', true],
  [api, '@other.example.com/orders', true],
  [api, ':8443/orders', true],
  [api, '.other.example.com/orders', true],
  [api, ' https://other.example.com/orders', true],
  [api, '\thttps://other.example.com/orders', true],
  [api, 'data:text/plain,hello', true],
  [api, 'javascript:alert(1)', true],
  [api, 'https://other.example.com/orders', false],
  [api, 'https://api.example.com.other.example/orders', false],
  [api, 'https://api.example.com.:443/orders', false],
  [api, 'https://api.example.com./orders', false],
  [api, `${api}:8443/orders`, false],
  [api, 'http://api.example.com/orders', false],
  [api, 'http://api.example.com:443/orders', false],
  [api, 'wss://api.example.com/orders', false],
  [api, 'ftp://api.example.com/orders', false],
  [api, '//other.example.com/orders', false],
  [api, '//api.example.com/orders', false],
  [api, 'https://api.example.com@other.example.com/orders', false],
  [api, 'https://other.example.com\\@api.example.com/orders', false],
  [api, 'https://other.example.com#@api.example.com/orders', false],
  [api, 'https://other.example.com?@api.example.com/orders', false],
  [api, 'https://[::1]/orders', false],
  ['https://[::1]', '/orders', true],
  ['https://[::1]', 'https://[0:0:0:0:0:0:0:1]/orders', true],
  ['https://[::1]', 'https://[::1]:8443/orders', false],
  ['https://127.0.0.1', 'https://0x7f.1/orders', true],
  ['https://127.0.0.1', 'https://[::ffff:127.0.0.1]/orders', false],
];

describe('a request [E11 R-65]', () => {
  test.each(targets)('with the baseURL %j and the URL %j gets a token: %j', async (baseURL, url, isApi) => {
    const { instance, sent } = recordingInstance({ baseURL });

    await instance.get(url);

    expect(sent).toHaveLength(1);
    expect(sent[0]?.authorization).toBe(isApi ? 'Bearer key' : undefined);
    expect(isApi).toBe(sent[0]?.origin === new URL(baseURL).origin);
  });

  test.each(targets)('with the baseURL %j and the URL %j gets the same with "origins"', async (baseURL, url, isApi) => {
    const { instance, sent } = recordingInstance({ baseURL, origins: [new URL(baseURL).origin] });

    await instance.get(url);

    expect(sent[0]?.authorization).toBe(isApi ? 'Bearer key' : undefined);
  });

  test.each(targets)(
    'with the baseURL %j and the URL %j gets a token with "allowAbsoluteUrls: false"',
    async (baseURL, url) => {
      const { instance, sent } = recordingInstance({ baseURL });

      await instance.get(url, { allowAbsoluteUrls: false });

      expect(sent[0]?.authorization).toBe('Bearer key');
      expect([undefined, new URL(baseURL).origin]).toContain(sent[0]?.origin);
    },
  );

  test.each([
    ['https:other.example.com/orders'],
    ['https:/other.example.com/orders'],
    ['https:\\\\other.example.com/orders'],
    ['ht\ntps:other.example.com/orders'],
  ])('with the malformed URL %j is rejected by axios and sent nowhere', async (url) => {
    const seen: string[] = [];
    const origin = await listen(({ headers }, response) => {
      seen.push(String(headers.authorization));
      response.end();
    });
    const instance = axios.create({ baseURL: origin });
    instance.interceptors.request.use(bearerToken(staticToken('key')));

    await expect(instance.get(url)).rejects.toThrow(/Invalid URL/);

    expect(seen).toEqual([]);
  });

  test.each([
    ['https://me:pass@api.example.com', '/orders'],
    ['https://me@api.example.com', '/orders'],
    [api, 'https://me:pass@api.example.com/orders'],
    [api, 'https://:pass@api.example.com/orders'],
    ['https://me:pass@api.example.com', 'https://me:pass@api.example.com/orders'],
    ['https://me:pass@api.example.com', 'https://me:pass@other.example.com/orders'],
    ['https://me:pass@api.example.com', '//other.example.com/orders'],
  ])('with credentials in the baseURL %j or the URL %j gets no token', async (baseURL, url) => {
    const { instance, sent } = recordingInstance({ baseURL });

    await instance.get(url);

    expect(sent).toMatchObject([{ authorization: undefined }]);
  });
});

test('follows a "baseURL" that changes from request to request [E11 R-65]', async () => {
  const { instance, sent } = recordingInstance({ baseURL: api });

  await instance.get('/orders');
  await instance.get('/orders', { baseURL: 'https://other.example.com' });
  await instance.get('https://other.example.com/orders');
  await instance.get('/orders');

  expect(sent.map(({ authorization }) => authorization)).toEqual(['Bearer key', 'Bearer key', undefined, 'Bearer key']);
});

// URL.canParse of Node 20 and 22 begins to refuse ü and the like in a host after a few thousand calls.
test('treats an origin the same after thousands of requests [R-65]', async () => {
  const { instance, sent } = recordingInstance({ origins: ['https://xn--bcher-kva.example'] });

  for (let request = 0; request < 10_000; request += 1) await instance.get('https://bücher.example/orders');

  expect(new Set(sent.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer key']));
});

test('a proof of possession is for the URL that axios requests [R-66]', async () => {
  const keyPair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const signed: unknown[] = [];
  const instance = axios.create({
    async adapter(config) {
      signed.push(decodeJwt(String(config.headers.get('DPoP')))['htu']);
      return Promise.resolve({ data: '', status: 200, statusText: '', headers: {}, config });
    },
  });
  instance.interceptors.request.use(
    bearerToken(staticToken('key', { type: 'DPoP', keyPair }), { origins: [api, 'https://other.example'] }),
  );
  const urls = ['', '/', 'orders', '/orders/7', `${api}/x`, 'https://other.example/y', '?a=b'];
  const configs = urls.flatMap((url) =>
    [api, `${api}/`, `${api}/v1/`].flatMap((baseURL) =>
      [true, false].map((allowAbsoluteUrls) => ({ url, baseURL, allowAbsoluteUrls })),
    ),
  );

  for (const config of configs) await instance.request(config);

  const asked = configs.map((config) => new URL(new axios.Axios({}).getUri(config)));
  expect(signed).toEqual(asked.map(({ origin, pathname }) => origin + pathname));
});

test.each([301, 302, 303, 307, 308])('sends no token after a %d to a subdomain [E31 E11 R-42]', async (status) => {
  const seen: [host: string | undefined, credentials: unknown][] = [];
  const origin = await listen(({ url, headers }, response) => {
    seen.push([headers.host, headers.authorization ?? headers['dpop']]);
    if (url === '/orders') response.writeHead(status, { location: `http://eu.localhost:${port}/moved` });
    response.end();
  });
  const { port } = new URL(origin);
  const lookup: NonNullable<AxiosRequestConfig['lookup']> = (_host: unknown, _options: unknown, done) => {
    done(null, '127.0.0.1', 4);
  };
  const instance = axios.create({ baseURL: `http://localhost:${port}`, lookup });
  instance.interceptors.request.use(bearerToken(staticToken('token-1')));

  await instance.get('/orders');

  expect(seen).toEqual([
    [`localhost:${port}`, 'Bearer token-1'],
    [`eu.localhost:${port}`, undefined],
  ]);
});

test('sends no token after a redirect to the host in the "Host" header of the caller [E11 R-42]', async () => {
  const seen: unknown[] = [];
  const other = await listen(({ headers }, response) => response.end(String(seen.push(headers.authorization))));
  const origin = await listen(({ headers }, response) => {
    seen.push(headers.authorization);
    // axios takes a relative target for one of that host.
    response.writeHead(302, { location: '/moved' }).end();
  });
  const redirects: unknown[] = [];
  const beforeRedirect = ({ href }: Record<string, unknown>) => void redirects.push(href);
  const instance = axios.create({ baseURL: origin, headers: { Host: new URL(other).host }, beforeRedirect });
  instance.interceptors.request.use(bearerToken(staticToken('key')));

  const { config } = await instance.get<unknown>('/orders');

  expect(seen).toEqual(['Bearer key', undefined]);
  expect(redirects).toEqual([`${other}/moved`]);
  expect(config.beforeRedirect).toBe(beforeRedirect);
});

test('for any URL, sends a token if and only if axios connects to the origin [E11 R-65]', async () => {
  const names = ['api.example.com', 'other.example.com', '[::1]', 'a', '..', 'https', 'http', 'HTTPS://', 'https://'];
  const marks = [...Array.from(':/\\@#?. \t\n\0[]\u3002＠'), '//', '\\\\', '%2f', ':443', ':8443'];
  const piece = fc.constantFrom(...names, ...marks);
  const ending = anyText({ maxLength: 20 }).map((text) => `/${text}`);
  const url = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    anyText({ maxLength: 20 }),
    fc.tuple(fc.constantFrom(...names, ''), fc.domain(), ending).map((parts) => parts.join('')),
  );
  const end = fc.constantFrom('', '/', '//', '/v1', '/v1/', '?', '#', ':443', ' ', '\t', '.', '\\');
  const baseURL = end.map((text) => `${api}${text}`).filter((text) => URL.canParse(text));

  const run = async (base: string, path: string, allowAbsoluteUrls: boolean, isListed: boolean): Promise<void> => {
    const { instance, sent } = recordingInstance({
      baseURL: base,
      origins: isListed ? [new URL(base).origin] : undefined,
    });
    await instance.get(path, { allowAbsoluteUrls });

    const connected = sent.filter(({ origin }) => origin !== undefined);
    const config = { baseURL: base, url: path, allowAbsoluteUrls };
    // What axios refuses is sent nowhere, so that a token there does no harm.
    expect(connected.map(({ authorization }) => authorization)).toEqual(
      connected.map(({ origin }) =>
        origin === new URL(base).origin && !hasCredentials(config) ? 'Bearer key' : undefined,
      ),
    );
  };

  await fc.assert(fc.asyncProperty(baseURL, url, fc.boolean(), fc.boolean(), run));
  expect.hasAssertions();
});

function hasCredentials(config: { baseURL: string; url: string; allowAbsoluteUrls: boolean }): boolean {
  if (connectsTo(config) === undefined) return false;
  const { username, password } = new URL(new axios.Axios({}).getUri(config));
  return username !== '' || password !== '';
}

function recordingInstance({
  baseURL,
  origins,
}: {
  baseURL?: string;
  origins?: string[] | undefined;
}): Pick<ReturnType<typeof recordingAdapter>, 'sent'> & { instance: ReturnType<typeof axios.create> } {
  const adapter = recordingAdapter();
  const instance = axios.create({ ...(baseURL !== undefined && { baseURL }), adapter });
  instance.interceptors.request.use(bearerToken(staticToken('key'), { origins }));
  return { instance, sent: adapter.sent };
}
