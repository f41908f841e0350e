import { createRequire } from 'node:module';

import { Agent, type Dispatcher, fetch, FormData, type RequestInit } from 'undici';

import { isStream } from '../../src/adapters/body.js';
import { bearerTokenInterceptor } from '../../src/adapters/undici/index.js';
import {
  type Abilities,
  type ClientSetup,
  form,
  type HttpClient,
  type OutgoingRequest,
  type Reply,
} from '../contracts/adapter.js';
import { cleanUp } from './clean-up.js';

/**
 * The bodies that undici's `request` can send: no URLSearchParams and no web streams, but any asynchronous iterator.
 */
export const abilitiesOfRequest: Abilities = {
  bodies: ['string', 'Buffer', 'Uint8Array', 'FormData', 'Blob'],
  streams: ['Node stream', 'asynchronous iterator'],
  form: () => form(new FormData()),
};

/** Sends a request with one of undici's functions; `url` is absolute. */
type Send = (dispatcher: Dispatcher, request: OutgoingRequest) => Promise<Reply>;

/** The parts of the client of {@link undiciClient}. */
export interface UndiciSetup {
  /** @default the Agent of undici 7 */
  readonly makeAgent?: () => Dispatcher;
  /** Interceptors that are composed after the interceptor that adds the token. */
  readonly above?: readonly Interceptor[];
  /** Interceptors that are composed before it. */
  readonly below?: readonly Interceptor[];
}

/** undici as a client for the contract of adapters. */
export function undiciClient(send: Send, { makeAgent = () => new Agent(), above = [], below = [] }: UndiciSetup = {}) {
  return ({ tokens, origin, named, ...options }: ClientSetup): HttpClient => {
    const agent = makeAgent();
    cleanUp(() => agent.destroy());
    const serviceOf = ({ path }: Dispatcher.DispatchOptions): string => named?.serviceOf(path) ?? '';
    const ours =
      named === undefined
        ? bearerTokenInterceptor(tokens, { origins: [origin], ...options })
        : bearerTokenInterceptor(named.services, { origins: [origin], ...options, serviceOf });
    const composed = agent.compose(...below, ours, ...above);
    return { send: (request) => send(composed, { ...request, url: new URL(request.url, origin).href }) };
  };
}

type Interceptor = Dispatcher.DispatcherComposeInterceptor;

const load = (path: string): unknown => createRequire(import.meta.url)(`undici-8/${path}`) as unknown;

/**
 * Parts of undici 8, because its main file needs Node.js 22. `npm run test:peers` installs it, since it may not be a
 * dependency of a project for Node.js 20; otherwise `undefined`.
 */
export const undici8 =
  process.env['PEERS_FOLDER'] === undefined
    ? undefined
    : {
        makeAgent: (): Dispatcher => {
          const Agent8 = load('lib/dispatcher/agent.js') as new () => Dispatcher;
          return Object.assign(new Agent8(), load('lib/api') as object);
        },
        redirect: (options: { readonly maxRedirections: number }): Interceptor =>
          (load('lib/interceptor/redirect.js') as (given: typeof options) => Interceptor)(options),
        cache: (): Interceptor => (load('lib/interceptor/cache.js') as () => Interceptor)(),
        deduplicate: (): Interceptor => (load('lib/interceptor/deduplicate.js') as () => Interceptor)(),
        // Its FormData needs Node.js 22, too.
        abilities: { ...abilitiesOfRequest, bodies: ['string', 'Buffer', 'Uint8Array', 'Blob'] } satisfies Abilities,
      };

/** The request as the options of undici's `request`, `stream` and other functions. */
function optionsOf({ url, method = 'GET', ...rest }: OutgoingRequest): Dispatcher.RequestOptions {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search, method, ...rest } as Dispatcher.RequestOptions;
}

/** Sends a request with undici's `request`. */
export async function byRequest(dispatcher: Dispatcher, request: OutgoingRequest): Promise<Reply> {
  const { statusCode, body } = await dispatcher.request(optionsOf(request));
  return { status: statusCode, body: await body.text() };
}

/**
 * Sends a request with undici's `fetch`, which has no option `tokenRequest`. The error of a dispatcher is the cause of
 * its error.
 */
export async function byFetch(
  dispatcher: Dispatcher,
  { url, tokenRequest, body, ...init }: OutgoingRequest,
): Promise<Reply> {
  const withToken: Interceptor = (dispatch) => (options, handler) =>
    dispatch(Object.assign(options, { tokenRequest }), handler);
  const streamed = isStream(body) ? { duplex: 'half' } : {};
  const reply = await fetch(url, {
    ...init,
    ...(body !== undefined && { body, ...streamed }),
    dispatcher: tokenRequest === undefined ? dispatcher : dispatcher.compose(withToken),
  } as RequestInit).catch((error: Error) => {
    throw error.cause ?? error;
  });
  return { status: reply.status, body: await reply.text() };
}
