import { describe, expect, test } from '@jest/globals';
import axios, { type AxiosRequestConfig } from 'axios';
import { fetch as undiciFetch, interceptors, request } from 'undici';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { bearerTokenInterceptor } from '../../src/adapters/undici/index.js';
import { ConfigurationError } from '../../src/core/errors.js';
import type { TokenSource } from '../../src/core/token-source.js';
import { staticToken } from '../../src/service/static-token.js';
import { type Arrival, type Lookalikes, startLookalikes } from '../support/lookalikes.js';

/** What becomes of a request: the API gets it with the token, or somebody without, or nobody gets it. */
type Fate = 'token' | 'bare' | 'nobody';

const host = 'api.example.com';

// The URL, and its fate by axios, by fetch and by undici's own parser: they differ in what they refuse.
const byName: readonly [url: string, axios: Fate, fetch?: Fate, undici?: Fate][] = [
  ['https://api.example.com/orders', 'token'],
  ['https://api.example.com:443/orders', 'token'],
  ['https://api.example.com:0443/orders', 'token'],
  ['https://api.example.com:/orders', 'token'],
  ['HTTPS://API.Example.COM/orders', 'token'],
  ['https://api.ex%61mple.com/orders', 'token'],
  ['https://api\u3002example\uff0ecom/orders', 'token'],
  ['https://\uff41pi.example.com/orders', 'token'],
  ['https://a\u00adpi.example.com/orders', 'token'],
  ['https:///api.example.com/orders', 'token'],
  ['https://api.example.com\\@other.example/orders', 'token'],
  ['https://api.example.com#@other.example', 'token'],
  ['https://api.example.com?@other.example', 'token'],
  ['https://api.example.com/..//other.example', 'token'],
  ['https://@api.example.com/orders', 'token'],
  [' https://api.example.com/orders', 'token'],
  ['\thttps://api.exa\nmple.com/orders', 'token'],
  ['https:/api.example.com/orders', 'nobody', 'token'],
  ['https:api.example.com/orders', 'nobody', 'token'],
  ['https:\\\\api.example.com/orders', 'nobody', 'token'],
  // Other schemes and ports.
  ['http://api.example.com/orders', 'bare'],
  ['http://api.example.com:443/orders', 'bare'],
  ['https://api.example.com:80/orders', 'bare'],
  ['https://api.example.com:8443/orders', 'bare'],
  ['https://api.example.com:4430/orders', 'bare'],
  ['wss://api.example.com/orders', 'nobody'],
  ['ftp://api.example.com/orders', 'nobody'],
  // Other hosts.
  ['https://api.example.com./orders', 'bare'],
  ['https://api.example.com..:443/orders', 'bare'],
  ['https://other.example\\@api.example.com/', 'bare'],
  ['https://other.example#@api.example.com/', 'bare'],
  ['https://other.example?@api.example.com/', 'bare'],
  ['https://other.example/@api.example.com/', 'bare'],
  ['https://api.example.com.other.example/', 'bare'],
  ['https://api.example.com%2eother.example/', 'bare'],
  ['https://api.example.com\t.other.example/', 'bare'],
  ['https://api.example.com\u3002other.example/', 'bare'],
  ['https://\u0430pi.example.com/', 'bare'],
  ['https://xn--pi-7kc.example.com/', 'bare'],
  ['https://api_example.com/', 'bare'],
  ['https://example.com/', 'bare'],
  ['https://127.0.0.1/', 'bare'],
  ['https://[::1]/', 'bare'],
  ['https://api.example.com%2f.other.example/', 'nobody'],
  ['https://api.example.com%00.other.example/', 'nobody'],
  ['https://api.example.com\u2024other.example:443:443/', 'nobody'],
  ['https://[api.example.com]/', 'nobody'],
  ['https://api.example.com:99999/', 'nobody'],
  // With credentials of their own.
  ['https://me:pass@api.example.com/', 'bare', 'nobody', 'token'],
  ['https://me@api.example.com/', 'bare', 'nobody', 'token'],
  ['https://api.example.com@other.example/', 'bare', 'nobody', 'bare'],
  ['https://api.example.com:443@other.example/', 'bare', 'nobody', 'bare'],
  // Not absolute: axios alone has a base.
  ['/orders', 'token', 'nobody'],
  ['orders', 'token', 'nobody'],
  ['?a=b', 'token', 'nobody'],
  ['', 'token', 'nobody'],
  ['/\\other.example/orders', 'token', 'nobody'],
  ['\\\\other.example/orders', 'token', 'nobody'],
  ['@other.example/', 'token', 'nobody'],
  [':8443/', 'token', 'nobody'],
  ['.other.example/', 'token', 'nobody'],
  ['/../..//other.example/', 'token', 'nobody'],
  ['//other.example/orders', 'nobody'],
  ['///other.example/orders', 'nobody'],
  ['//api.example.com/orders', 'nobody'],
  ['https://', 'nobody'],
];

const byAddress: typeof byName = [
  ['https://127.0.0.1/', 'token'],
  ['https://127.0.0.1./', 'token'],
  ['https://127.1/', 'token'],
  ['https://2130706433/', 'token'],
  ['https://0x7f.1/', 'token'],
  ['https://0x7F000001/', 'token'],
  ['https://0177.0.0.01/', 'token'],
  ['https://\uff11\uff12\uff17.0.0.1/', 'token'],
  ['https://%31%32%37.0.0.1/', 'token'],
  ['https://127.0.0.2/', 'bare'],
  ['https://2130706434/', 'bare'],
  ['https://0x7f.2/', 'bare'],
  ['https://0177.0.0.02/', 'bare'],
  ['https://127.0.0.1.other.example/', 'bare'],
  ['https://localhost/', 'bare'],
  ['https://[::1]/', 'bare'],
  ['https://[::ffff:127.0.0.1]/', 'bare'],
  ['https://[::ffff:7f00:1]/', 'bare'],
  ['https://127.0.0.256/', 'nobody'],
  ['https://127.0.0.1.2/', 'nobody'],
];

const overrides: readonly [AxiosRequestConfig, Fate][] = [
  [{ url: '/orders', baseURL: 'https://other.example' }, 'bare'],
  [{ url: '/orders', baseURL: 'https://api.example.com.' }, 'bare'],
  [{ url: '/orders', baseURL: 'https://api.example.com:8443' }, 'bare'],
  [{ url: '/orders', baseURL: 'http://api.example.com' }, 'bare'],
  [{ url: '/orders', baseURL: 'https://api.example.com@other.example' }, 'bare'],
  [{ url: '/orders', baseURL: 'https://API.example.com:443/v2' }, 'token'],
  [{ url: '/orders', baseURL: '//api.example.com' }, 'nobody'],
  [{ url: 'https://api.example.com/orders', baseURL: 'https://other.example' }, 'token'],
  [{ url: 'https://api.example.com/orders', baseURL: 'https://other.example', allowAbsoluteUrls: false }, 'bare'],
  [{ url: 'https://other.example/orders', allowAbsoluteUrls: false }, 'token'],
  [{ url: '//other.example/orders', allowAbsoluteUrls: false }, 'token'],
  [{ url: 'https://other.example/orders', baseURL: '' }, 'bare'],
];

const places = {
  api: 'https://api.example.com/moved',
  upper: 'HTTPS://API.Example.COM:443/moved',
  path: '/moved',
  host: '//api.example.com/moved',
  http: 'http://api.example.com/moved',
  http443: 'http://api.example.com:443/moved',
  port: 'https://api.example.com:8443/moved',
  dot: 'https://api.example.com./moved',
  ip: 'https://127.0.0.1/moved',
  other: 'https://other.example/moved',
  otherHost: '//other.example/moved',
  slashes: '\\\\other.example/moved',
};

const statuses = [301, 302, 303, 307, 308];
// One hop by each status, and several hops by all of them in turn.
const journeys: readonly [way: string, statuses: readonly number[]][] = [
  ...['http', 'other'].flatMap((way) => statuses.map((status): [string, number[]] => [way, [status]])),
  ...['port', 'upper', 'path', 'host', 'http443', 'dot', 'ip', 'otherHost', 'slashes'].map(
    (way): [string, number[]] => [way, [307]],
  ),
  ...[
    'other api',
    'http api',
    'port api path',
    'path other path api path',
    'api upper http port other api http443',
    'other http dot ip port api',
  ].flatMap((way): [string, number[]][] => [
    [way, statuses],
    [way, statuses.toReversed()],
  ]),
];

interface Client {
  readonly name: string;
  readonly make: (setup: Setup) => (url: string) => Promise<unknown>;
  readonly column: 1 | 2 | 3;
  /** Whether it follows redirects with a proof that is for the first URL. @default true */
  readonly followsWithProof?: boolean;
}

interface Setup extends Pick<Lookalikes, 'agents'> {
  readonly tokens: TokenSource;
  readonly origin: string;
}

const redirects = interceptors.redirect({ maxRedirections: 9 });
const post = { method: 'POST', body: 'an order' } as const;

const clients: readonly Client[] = [
  { name: 'axios', column: 1, make: axiosClient({}) },
  { name: 'axios on fetch', column: 1, make: axiosClient({ adapter: 'fetch' }), followsWithProof: false },
  {
    name: 'fetch',
    column: 2,
    make: ({ agents: { dispatcher }, tokens, origin }) => {
      const authorizedFetch = withBearerToken(fetch, tokens, { origins: [origin] });
      return async (url) => (await authorizedFetch(url, { ...post, dispatcher } as object)).text();
    },
  },
  {
    name: 'fetch of a Request',
    column: 2,
    make: ({ agents: { dispatcher }, tokens, origin }) => {
      const authorizedFetch = withBearerToken(fetch, tokens, { origins: [origin] });
      return async (url) => (await authorizedFetch(new Request(url, post), { dispatcher } as object)).text();
    },
  },
  {
    name: 'undici below its redirect interceptor',
    column: 3,
    make: ({ agents, tokens, origin }) => {
      const dispatcher = agents.dispatcher.compose(bearerTokenInterceptor(tokens, { origins: [origin] }), redirects);
      return async (url) => (await request(url, { ...post, dispatcher })).body.dump();
    },
  },
  {
    name: 'undici above its redirect interceptor',
    column: 3,
    make: ({ agents, tokens, origin }) => {
      const dispatcher = agents.dispatcher.compose(redirects, bearerTokenInterceptor(tokens, { origins: [origin] }));
      return async (url) => (await request(url, { ...post, dispatcher })).body.dump();
    },
    followsWithProof: false,
  },
  {
    name: 'undici by its fetch',
    column: 2,
    make: ({ agents, tokens, origin }) => {
      const dispatcher = agents.dispatcher.compose(bearerTokenInterceptor(tokens, { origins: [origin] }));
      return async (url) => (await undiciFetch(url, { ...post, dispatcher })).text();
    },
  },
];

describe.each(clients.map((client) => [client.name, client] as const))(
  '%s',
  (_name, { make, column, followsWithProof }) => {
    test.each([
      [host, byName],
      ['127.0.0.1', byAddress],
    ])('sends the token to https://%s only, for every spelling of a URL [E11 R-25 R-64 R-65]', async (name, rows) => {
      const { agents, arrivals } = await startLookalikes(name);
      const send = make({ agents, tokens: await boundToken(), origin: `https://${name}` });

      const fates: [string, Fate][] = [];
      for (const [url] of rows) {
        const before = arrivals.length;
        await send(url).catch(() => undefined);
        fates.push([url, fateOf(arrivals.slice(before))]);
      }

      expect(strangersWithCredentials(arrivals)).toEqual([]);
      expect(fates).toEqual(rows.map((row) => [row[0], row[column] ?? row[2] ?? row[1]]));
    });

    test.each<['Bearer' | 'DPoP']>([['Bearer'], ['DPoP']])(
      'sends a %s token to no other origin after any series of redirects [E11 R-42 R-65]',
      async (type) => {
        const { agents, arrivals, redirect } = await startLookalikes(host);
        const tokens = type === 'DPoP' ? await boundToken() : staticToken('key');
        const send = make({ agents, tokens, origin: `https://${host}` });
        const mayFollow = type === 'Bearer' || followsWithProof !== false;

        const lengths: number[] = [];
        for (const [way, by] of journeys) {
          const before = arrivals.length;
          redirect(
            way.split(' ').map((place) => places[place as keyof typeof places]),
            by,
          );
          await send(`https://${host}/orders`).catch(() => undefined);
          lengths.push(arrivals.length - before);
          expect(fateOf(arrivals.slice(before, before + 1))).toBe('token');
        }

        expect(strangersWithCredentials(arrivals)).toEqual([]);
        expect(lengths).toEqual(journeys.map(([way]) => (mayFollow ? way.split(' ').length + 1 : 1)));
      },
    );
  },
);

describe.each([['http'], ['fetch']])('axios on %s', (adapter) => {
  test('decides by the URL that is sent, for each config of a request [E11 R-65]', async () => {
    const { agents, arrivals } = await startLookalikes(host);
    const instance = axios.create({ baseURL: `https://${host}`, ...connectionOf(agents), adapter });
    instance.interceptors.request.use(bearerToken(await boundToken(), { origins: [`https://${host}`] }));

    const fates: [AxiosRequestConfig, Fate][] = [];
    for (const [config] of overrides) {
      const before = arrivals.length;
      await instance.request<unknown>(config).catch(() => undefined);
      fates.push([config, fateOf(arrivals.slice(before))]);
    }

    expect(strangersWithCredentials(arrivals)).toEqual([]);
    expect(fates).toEqual(overrides);
  });

  test('sends nothing if the "baseURL" of one call is http to another machine [E20 R-27 R-30]', async () => {
    const { agents, arrivals } = await startLookalikes(host);
    const instance = axios.create({ baseURL: `https://${host}`, ...connectionOf(agents), adapter });
    instance.interceptors.request.use(bearerToken(staticToken('key')));

    await expect(instance.get('/orders', { baseURL: `http://${host}` })).rejects.toThrow(ConfigurationError);

    expect(arrivals).toEqual([]);
  });
});

function axiosClient(config: AxiosRequestConfig): Client['make'] {
  return ({ agents, tokens, origin }) => {
    const instance = axios.create({ baseURL: origin, ...connectionOf(agents), ...config });
    instance.interceptors.request.use(bearerToken(tokens));
    return (url) => instance.post(url, post.body);
  };
}

const connectionOf = ({ dispatcher, ...agents }: Lookalikes['agents']): AxiosRequestConfig =>
  Object.assign({}, agents, { fetchOptions: { dispatcher } });

async function boundToken(): Promise<TokenSource> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keyPair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  return staticToken('key', { type: 'DPoP', keyPair });
}

function fateOf(arrivals: readonly Arrival[]): Fate {
  if (arrivals.length === 0) return 'nobody';
  return arrivals.every(({ isAtApi, authorization }) => isAtApi && /^(?:Bearer|DPoP) key$/.test(authorization ?? ''))
    ? 'token'
    : 'bare';
}

const strangersWithCredentials = (arrivals: readonly Arrival[]): Arrival[] =>
  arrivals.filter(({ isAtApi, authorization, dpop }) => !isAtApi && (authorization?.includes('key') || dpop));
