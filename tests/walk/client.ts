/** Calls an API with one HTTP client and sends the files and functions of `src` that ran to the parent process. */
import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import type { AddressInfo } from 'node:net';

import { createTokenService, type TokenSource } from 'm2m-tokens';

/** The HTTP clients that have an adapter. */
export type ClientName = keyof typeof clients;

/** The names of the functions that ran, by file below `src`. */
export type Walk = Readonly<Record<string, readonly string[]>>;

/** The files and functions that run for one call. */
export interface ClientWalk {
  /** With a grant. */
  readonly grant: Walk;
  /** With a cached token. */
  readonly cached: Walk;
}

type Call = () => Promise<unknown>;

const clients = {
  async axios(tokens: TokenSource, origin: string): Promise<Call> {
    const { default: axios } = await import('axios');
    const { bearerToken } = await import('m2m-tokens/axios');
    const api = axios.create({ baseURL: origin });
    api.interceptors.request.use(bearerToken(tokens));
    return () => api.get('/orders');
  },
  async fetch(tokens: TokenSource, origin: string): Promise<Call> {
    const { withBearerToken } = await import('m2m-tokens/fetch');
    const api = withBearerToken(fetch, tokens, { origins: [origin] });
    return async () => (await api(`${origin}/orders`)).json();
  },
  async undici(tokens: TokenSource, origin: string): Promise<Call> {
    const { Agent, request } = await import('undici');
    const { bearerTokenInterceptor } = await import('m2m-tokens/undici');
    const dispatcher = new Agent().compose(bearerTokenInterceptor(tokens, { origins: [origin] }));
    return async () => (await request(`${origin}/orders`, { dispatcher })).body.json();
  },
};

const sources = new URL('../../src/', import.meta.url).href;
const session = new Session();
session.connect();
await session.post('Profiler.enable');

const origin = await startServer();
const tokens = createTokenService({ tokenEndpoint: `${origin}/token`, clientId: 'orders', clientSecret: 'secret' });
const call = await clients[process.argv[2] as ClientName](tokens, origin);

const grant = await walk(call);
// The first call after a grant may fill in further caches.
await call();
const cached = await walk(call);
process.send?.({ grant, cached } satisfies ClientWalk, () => process.exit());

/**
 * The named functions that ran during the call. A module has no name, so its initialisation does not count. The name
 * `__name` is a function that esbuild adds: it ran where a function was made.
 */
async function walk(work: Call): Promise<Walk> {
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  // The first report contains the functions that ran earlier.
  await session.post('Profiler.takePreciseCoverage');
  await work();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');

  const files = result
    .filter(({ url }) => url.startsWith(sources))
    .map(({ url, functions }) => {
      const ran = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
      const names = ran.map(({ functionName }) => functionName).filter((name) => name !== '');
      return [url.slice(sources.length), names] as const;
    });
  return Object.fromEntries(
    files.filter(([, names]) => names.length > 0).toSorted(([one], [other]) => one.localeCompare(other)),
  );
}

/** Starts a server that is both the authorization server and the API; returns its origin. */
async function startServer(): Promise<string> {
  const token = { access_token: 'x'.repeat(40), token_type: 'Bearer', expires_in: 3600 };
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/token' ? token : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
