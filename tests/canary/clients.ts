import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { Agent, FormData as UndiciFormData, interceptors } from 'undici';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { bearerTokenInterceptor } from '../../src/adapters/undici/index.js';
import { abortable, withDeadline } from '../../src/core/abort.js';
import type { EventSink } from '../../src/core/events.js';
import type { TokenSource } from '../../src/core/token-source.js';
import { cleanUp } from '../support/clean-up.js';
import { nodeFetches } from '../support/node-fetches.js';

/** A request in a form for all clients. */
export interface CanaryRequest {
  readonly path: string;
  readonly method?: string;
  readonly body?: () => unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Sends a request. Returns all values that its caller can access, by name: the response or error, and the objects of
 * the request.
 */
export type CanaryClient = (request: CanaryRequest) => Promise<Readonly<Record<string, unknown>>>;

/** Options of a client. */
export interface CanarySetup {
  readonly tokens: TokenSource;
  readonly origin: string;
  readonly onEvent: EventSink;
}

/** The HTTP clients of all adapters, and each of axios' own adapters. */
export const clients: Readonly<Record<string, (setup: CanarySetup) => CanaryClient>> = {
  'axios by http': (setup) => axiosClient(setup, { adapter: 'http' }),
  'axios by fetch': (setup) => axiosClient(setup, { adapter: 'fetch' }),
  'axios with streams by http': (setup) => axiosClient(setup, { ...streams, adapter: 'http' }),
  // Without a limit, axios returns the IncomingMessage of Node.js, which refers to its connection.
  'axios with streams without a limit': (setup) => axiosClient(setup, { ...streams, adapter: 'http', ...unlimited }),
  'axios with streams by fetch': (setup) => axiosClient(setup, { ...streams, adapter: 'fetch' }),
  'axios with streams as errors': (setup) =>
    axiosClient(setup, { responseType: 'stream', adapter: 'http', ...unlimited }),
  fetch: (setup) => fetchClient(setup, globalThis.fetch),
  'fetch with node-fetch 2': (setup) => fetchClient(setup, nodeFetches['node-fetch 2']),
  'fetch with node-fetch 3': (setup) => fetchClient(setup, nodeFetches['node-fetch 3']),
  'a global fetch': (setup) =>
    whileGlobal(
      setup,
      callFetch((input, init) => globalThis.fetch(input, init), setup),
    ),
  'a global fetch below axios': (setup) => whileGlobal(setup, callAxios(axiosOf(setup, { adapter: 'fetch' }))),
  undici: undiciClient,
};

const unlimited: AxiosRequestConfig = { maxContentLength: -1 };
const streams: AxiosRequestConfig = { responseType: 'stream', validateStatus: () => true };

function axiosClient(setup: CanarySetup, config: AxiosRequestConfig): CanaryClient {
  const instance = axiosOf(setup, config);
  instance.interceptors.request.use(bearerToken(setup.tokens, { onEvent: setup.onEvent }));
  return callAxios(instance);
}

const axiosOf = ({ origin }: CanarySetup, config: AxiosRequestConfig): AxiosInstance =>
  axios.create({ baseURL: origin, maxRedirects: 3, maxContentLength: 10_000, ...config });

function callAxios(instance: AxiosInstance): CanaryClient {
  return async ({ path, method = 'GET', body, headers, signal }) => {
    const own: AxiosRequestConfig = { url: path, method, data: body?.(), ...(headers && { headers }) };
    if (signal !== undefined) own.signal = signal;
    const outcome: unknown = await instance.request<unknown>(own).catch((error: unknown) => error);
    const { config: sent, response, data } = outcome as Readonly<Record<string, unknown>>;
    const stream = data ?? (response as { data?: unknown } | undefined)?.data;
    // The open stream, too: a program may log it.
    const before = stream === undefined ? {} : { stream };
    const text = await readStream(stream).catch((error: unknown) => error);
    return { outcome, config: sent, response, own, ...before, text };
  };
}

async function readStream(data: unknown): Promise<string> {
  if (typeof data !== 'object' || data === null || !(Symbol.asyncIterator in data)) return '';
  const chunks: Uint8Array[] = [];
  for await (const chunk of data as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function fetchClient(setup: CanarySetup, fetch: typeof globalThis.fetch): CanaryClient {
  const { tokens, origin, onEvent } = setup;
  return callFetch(withBearerToken(fetch, tokens, { origins: [origin], onEvent }), setup);
}

/** Replaces the global `fetch` during each call of a client. */
function whileGlobal({ tokens, origin, onEvent }: CanarySetup, call: CanaryClient): CanaryClient {
  return async (request) => {
    const { fetch } = globalThis;
    globalThis.fetch = withBearerToken(fetch, tokens, { origins: [origin], onEvent });
    try {
      return await call(request);
    } finally {
      globalThis.fetch = fetch;
    }
  };
}

type Fetch = (input: string | URL, init: RequestInit) => Promise<Response>;

function callFetch(fetch: Fetch, { origin }: CanarySetup): CanaryClient {
  return async ({ path, method = 'GET', body, headers = {}, signal }) => {
    const own = { method, headers, body: body?.(), signal: signal ?? null, duplex: 'half' } as RequestInit;
    const input = new URL(path, origin);
    try {
      const outcome = await fetch(input, own);
      // node-fetch 2 does not notice a truncated response.
      const text = await withDeadline(1_000, signal, (until) => abortable(outcome.text(), until)).catch(
        (error: unknown) => error,
      );
      return { outcome, stream: outcome.body, text, own };
    } catch (error) {
      return { outcome: error, own };
    }
  };
}

function undiciClient({ tokens, origin, onEvent }: CanarySetup): CanaryClient {
  const agent = new Agent();
  cleanUp(() => agent.destroy());
  const bearer = bearerTokenInterceptor(tokens, { origins: [origin], onEvent });
  const dispatcher = agent.compose(bearer, interceptors.redirect({ maxRedirections: 3 }));

  return async ({ path, method = 'GET', body, headers = {}, signal }) => {
    const given = body?.();
    // undici accepts only its own FormData.
    const sent = given instanceof FormData ? undiciForm(given) : given;
    const own = { origin, path, method, headers, body: sent, signal } as Parameters<typeof dispatcher.request>[0];
    try {
      const outcome = await dispatcher.request(own);
      const text = await outcome.body.text().catch((error: unknown) => error);
      return { outcome, text, own };
    } catch (error) {
      return { outcome: error, own };
    }
  };
}

function undiciForm(form: FormData): UndiciFormData {
  const same = new UndiciFormData();
  for (const [name, value] of form) same.append(name, value);
  return same;
}
