import axios, { type AxiosRequestConfig } from 'axios';
import { Agent, FormData as UndiciFormData, interceptors } from 'undici';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { bearerTokenInterceptor } from '../../src/adapters/undici/index.js';
import type { EventSink } from '../../src/core/events.js';
import type { TokenSource } from '../../src/core/token-source.js';
import { cleanUp } from '../support/clean-up.js';

/** A request in a form for all clients. */
export interface CanaryRequest {
  readonly path: string;
  readonly method?: string;
  readonly body?: () => unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a request; returns all values that its caller gets, by name: a response or an error, and what leads to them. */
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
  'axios with streams': (setup) => axiosClient(setup, { responseType: 'stream', validateStatus: () => true }),
  fetch: fetchClient,
  undici: undiciClient,
};

function axiosClient({ tokens, origin, onEvent }: CanarySetup, config: AxiosRequestConfig): CanaryClient {
  const instance = axios.create({ baseURL: origin, maxRedirects: 3, maxContentLength: 10_000, ...config });
  instance.interceptors.request.use(bearerToken(tokens, { onEvent }));

  return async ({ path, method = 'GET', body, headers, signal }) => {
    const own: AxiosRequestConfig = { url: path, method, data: body?.(), ...(headers && { headers }) };
    if (signal !== undefined) own.signal = signal;
    const outcome: unknown = await instance.request<unknown>(own).catch((error: unknown) => error);
    const { config: sent, response } = outcome as Readonly<Record<string, unknown>>;
    return { outcome, config: sent, response, own };
  };
}

function fetchClient({ tokens, origin, onEvent }: CanarySetup): CanaryClient {
  const fetch = withBearerToken(globalThis.fetch, tokens, { origins: [origin], onEvent });

  return async ({ path, method = 'GET', body, headers = {}, signal }) => {
    const own = { method, headers, body: body?.(), signal: signal ?? null, duplex: 'half' } as RequestInit;
    const input = new URL(path, origin);
    try {
      const outcome = await fetch(input, own);
      const text = await outcome.text().catch((error: unknown) => error);
      return { outcome, text, own };
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
    // undici takes its own FormData only.
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
