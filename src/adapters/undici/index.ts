import { EventEmitter } from 'node:events';

import type { Dispatcher } from 'undici';

import { ConfigurationError } from '../../core/errors.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenSource } from '../../core/token-source.js';
import { type AdapterOptions, adapterOptions } from '../adapter-options.js';
import { permittedOrigin } from '../origins.js';
import { copyOptions, hasAuthorization, requestHeaders } from './headers.js';
import { UndiciExchange, type UndiciReply } from './request.js';
import { UndiciCall } from './undici-call.js';
import type { Handler } from './undici-handler.js';

/** Options of {@link bearerTokenInterceptor}. */
export interface BearerTokenInterceptorOptions extends AdapterOptions<
  [options: Dispatcher.DispatchOptions],
  UndiciReply
> {
  /** URLs whose origins (scheme, host, port) may see the token; any other request goes out without one. */
  readonly origins: readonly string[];
}

/** What the options of a request may hold beside those that undici knows. */
export interface TokenOption {
  /** What the token of this request is asked for; `false` sends the request without one. */
  readonly token?: TokenRequest | false | undefined;
}

/**
 * An interceptor for undici that attaches a token and, when the API rejects it, sends the request once more with another one:
 * `new Agent().compose(bearerTokenInterceptor(tokens, { origins: ['https://api.example.com'] }))`. Interceptors that are
 * composed after it, `retry` and `redirect` for instance, pass by it with each of their requests.
 *
 * A request for another origin, with `token: false`, or with an `Authorization` of its own is left alone. When there is no
 * token the request is not sent and fails with the {@link TokenError}.
 * @throws {ConfigurationError} when an option is unknown, malformed or missing, or an origin is neither https nor this machine
 * @see RFC 6750 §2.1 and §3
 */
export function bearerTokenInterceptor(
  tokens: TokenSource,
  options: BearerTokenInterceptorOptions,
): Dispatcher.DispatcherComposeInterceptor {
  const checked = adapterOptions('bearerTokenInterceptor', tokens, options);
  const { origins, requestOf } = checked;
  if (origins === undefined) throw new ConfigurationError('"origins" of bearerTokenInterceptor is required');
  const { isRejected } = options;

  return (dispatch) => (dispatched: Dispatched, dispatchHandler) => {
    const headers = requestHeaders(dispatched.headers);
    if (dispatched.token === false || hasAuthorization(headers)) return dispatch(dispatched, dispatchHandler);
    const named = originNamedIn(dispatched);
    const origin = origins.includes(named) ? named : permittedOrigin(named, origins);
    if (origin === undefined) return dispatch(dispatched, dispatchHandler);

    // What was looked at is what is sent, whatever the caller does to its objects while a token is waited for.
    const outgoing = copyOptions(dispatched);
    outgoing.origin = named;
    outgoing.headers = headers;
    const tokenRequest = dispatched.token ?? requestOf(outgoing);
    const handler = dispatchHandler as Handler;
    const { signal, release } = signalOf(outgoing.signal);
    const exchange = new UndiciExchange({ dispatch, outgoing, handler, origin, isRejected, tokenRequest, signal });
    return new UndiciCall(tokens, exchange, checked, release).begin();
  };
}

type Dispatched = Dispatcher.DispatchOptions & TokenOption & { readonly signal?: unknown };

// What an Agent connects to, and what redirects change.
function originNamedIn({ origin }: Dispatched): string {
  if (origin !== undefined) return String(origin);
  throw new ConfigurationError(
    '"origin" is missing from a request: undici 7 does not tell otherwise where a Client or Pool sends it',
  );
}

/** The signal of the request, of whichever kind, and what to do when it is no longer needed. */
function signalOf(signal: unknown): { signal?: AbortSignal; release?: () => void } {
  if (signal === undefined) return noSignal;
  if (signal instanceof AbortSignal) return { signal };
  if (!(signal instanceof EventEmitter)) return noSignal;
  const caller = new AbortController();
  const abort = (): void => caller.abort();
  signal.once('abort', abort);
  return { signal: caller.signal, release: () => signal.off('abort', abort) };
}

const noSignal = {};
