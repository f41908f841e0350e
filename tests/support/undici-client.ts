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

/** What undici's `request` can send. It takes no URLSearchParams and no web streams, but any asynchronous iterator. */
export const abilitiesOfRequest: Abilities = {
  bodies: ['string', 'Buffer', 'Uint8Array', 'FormData', 'Blob'],
  streams: ['Node stream', 'asynchronous iterator'],
  form: () => form(new FormData()),
};

/** Sends a request by one of undici's functions; `url` is absolute. */
type Send = (dispatcher: Dispatcher, request: OutgoingRequest) => Promise<Reply>;

/** undici as a client for the contract of adapters, with other interceptors above and below that of the token. */
export function undiciClient(
  send: Send,
  { above = [], below = [] }: { above?: Interceptor[]; below?: Interceptor[] } = {},
) {
  return ({ tokens, origin, onEvent }: ClientSetup): HttpClient => {
    const agent = new Agent();
    cleanUp(() => agent.destroy());
    const composed = agent.compose(...below, bearerTokenInterceptor(tokens, { origins: [origin], onEvent }), ...above);
    return { send: (request) => send(composed, { ...request, url: new URL(request.url, origin).href }) };
  };
}

type Interceptor = Dispatcher.DispatcherComposeInterceptor;

/** The same as undici's `request`, `stream` and so on are given it. */
function optionsOf({ url, method = 'GET', ...rest }: OutgoingRequest): Dispatcher.RequestOptions {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search, method, ...rest } as Dispatcher.RequestOptions;
}

/** By `request` of undici. */
export async function byRequest(dispatcher: Dispatcher, request: OutgoingRequest): Promise<Reply> {
  const { statusCode, body } = await dispatcher.request(optionsOf(request));
  return { status: statusCode, body: await body.text() };
}

/** By `fetch` of undici, which has no option for the token, and puts the error of a dispatcher into the cause of its own. */
export async function byFetch(dispatcher: Dispatcher, { url, token, body, ...init }: OutgoingRequest): Promise<Reply> {
  const withToken: Interceptor = (dispatch) => (options, handler) =>
    dispatch(Object.assign(options, { token }), handler);
  const streamed = isStream(body) ? { duplex: 'half' } : {};
  const reply = await fetch(url, {
    ...init,
    ...(body !== undefined && { body, ...streamed }),
    dispatcher: token === undefined ? dispatcher : dispatcher.compose(withToken),
  } as RequestInit).catch((error: Error) => {
    throw error.cause ?? error;
  });
  return { status: reply.status, body: await reply.text() };
}
