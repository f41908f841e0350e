import { Agent as HttpAgent } from 'node:http';

import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import type { AccessToken, TokenSource } from 'm2m-tokens';
import { Agent, type Dispatcher, request } from 'undici';

import { builtPackage } from './built-package.js';
import { startLoopbackServer } from './loopback-server.js';
import { pairedRounds, repeated } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenByHand } from './token-by-hand.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** Three ways to send a GET request over loopback and read its response. */
interface Contenders {
  readonly ours: () => Promise<unknown>;
  readonly byHand: () => Promise<unknown>;
  readonly staticHeader: () => Promise<unknown>;
}

/** The comparison for one HTTP client. */
interface Setting {
  readonly byHand: string;
  /** The target: the greatest ratio of our adapter to the handwritten code. */
  readonly atMost: number;
  contenders(origin: string, tokens: TokenSource, token: AccessToken): Promise<Contenders>;
}

const settings = {
  axios: { byHand: 'an interceptor by hand', atMost: 1.02, contenders: axiosContenders },
  fetch: { byHand: 'three lines by hand', atMost: 1.02, contenders: fetchContenders },
  undici: { byHand: 'an interceptor by hand', atMost: 1, contenders: undiciContenders },
} satisfies Record<string, Setting>;

/**
 * Compares a GET request with a cached token with handwritten code. The control compares that code with a static
 * header.
 */
export const authorizedRequest = (client: keyof typeof settings, inFlight: number) => async (): Promise<Result[]> => {
  const { createTokenService } = await builtPackage();
  const server = await startLoopbackServer();
  const tokens = createTokenService(tokenEndpointInProcess());
  const { byHand, atMost, contenders } = settings[client];
  const calls = await contenders(server.origin, tokens, await tokens.getToken());

  const comparison = await pairedRounds({
    ours: repeated(calls.ours, inFlight),
    other: repeated(calls.byHand, inFlight),
    control: repeated(calls.staticHeader, inFlight),
    calls: 200,
    rounds: 61,
    warmUpRounds: 30,
  });
  server.close();
  const name = `${client}, ${inFlight} in flight / ${byHand}`;
  return [{ name, unit: 'ns', ...comparison, target: { of: 'ratio', atMost } }];
};

async function axiosContenders(origin: string, tokens: TokenSource, token: AccessToken): Promise<Contenders> {
  const { bearerToken } = await builtPackage();
  const { instance, get } = keptAlive(origin);
  const getToken = tokenByHand(token.value);

  const ours = instance();
  ours.interceptors.request.use(bearerToken(tokens));
  const byHand = instance();
  byHand.interceptors.request.use(async (config) => {
    config.headers.Authorization = `Bearer ${await getToken()}`;
    return config;
  });
  const staticHeader = instance({ headers: { Authorization: token.authorization } });
  return { ours: get(ours), byHand: get(byHand), staticHeader: get(staticHeader) };
}

/** Makes axios instances that share an agent, and functions that send requests with them. */
export function keptAlive(origin: string) {
  const httpAgent = new HttpAgent({ keepAlive: true });
  return {
    instance: (defaults: CreateAxiosDefaults = {}) => axios.create({ baseURL: origin, httpAgent, ...defaults }),
    get: (api: AxiosInstance) => () => api.get<unknown>('/orders/1'),
  };
}

async function fetchContenders(origin: string, tokens: TokenSource, token: AccessToken): Promise<Contenders> {
  const { withBearerToken } = await builtPackage();
  const url = `${origin}/orders/1`;
  const getToken = tokenByHand(token.value);
  const api = withBearerToken(fetch, tokens, { origins: [origin] });

  return {
    ours: async () => (await api(url)).json(),
    byHand: async () => {
      const headers = { Authorization: `Bearer ${await getToken()}` };
      return (await fetch(url, { headers })).json();
    },
    staticHeader: async () => (await fetch(url, { headers: { Authorization: token.authorization } })).json(),
  };
}

async function undiciContenders(origin: string, tokens: TokenSource, token: AccessToken): Promise<Contenders> {
  const { bearerTokenInterceptor } = await builtPackage();
  const url = `${origin}/orders/1`;
  const Authorization = token.authorization;
  const setHeader: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
    dispatch({ ...options, headers: { ...(options.headers as object), Authorization } }, handler);

  const ours = new Agent().compose(bearerTokenInterceptor(tokens, { origins: [origin] }));
  const byHand = new Agent().compose(setHeader);
  const plain = new Agent();
  return {
    ours: async () => (await request(url, { dispatcher: ours })).body.json(),
    byHand: async () => (await request(url, { dispatcher: byHand })).body.json(),
    staticHeader: async () => (await request(url, { dispatcher: plain, headers: { Authorization } })).body.json(),
  };
}
