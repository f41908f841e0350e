/**
 * Attaches tokens to the requests of undici.
 * @module m2m-tokens/undici
 */
import { EventEmitter } from 'node:events';

import type { Dispatcher } from 'undici';

import { ConfigurationError } from '../../core/errors.js';
import type { EventSink } from '../../core/events.js';
import type { InsecureUrl } from '../../core/insecure-url.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenSource } from '../../core/token-source.js';
import type { TokenSources } from '../../core/token-sources.js';
import { adapterOptions } from '../adapter-options.js';
import { isOwnRequest, permittedOrigin } from '../origins.js';
import { sendAuthorized } from '../send-authorized.js';
import { type HeaderRecord, recordOf } from './headers.js';
import { keptInRedirects } from './redirect.js';
import { undiciRequest } from './request.js';

/** Options of {@link bearerTokenInterceptor}. */
export interface BearerTokenInterceptorOptions {
  /** Origins that receive the token, such as `https://api.example.com`. Other origins get requests without a token. */
  readonly origins: readonly (string | InsecureUrl)[];
  /** The token request of requests that have none of their own: an object, or a function of the outgoing request. */
  readonly tokenRequest?:
    TokenRequest | ((options: Dispatcher.DispatchOptions) => TokenRequest | undefined) | undefined;
  /**
   * Which requests may be resent after a rejected token or for a DPoP nonce; `'safe'` means GET, HEAD, OPTIONS and TRACE. After a
   * 401 any request may be resent, because the API has not carried it out. @default 'all'
   */
  readonly resend?: 'all' | 'safe' | 'never' | undefined;
  /** Whether a response rejects the token, for an API that uses another status than 401. Header names are in lower case. */
  readonly isRejected?:
    | ((response: {
        readonly statusCode: number;
        readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
      }) => boolean)
    | undefined;
  /** Called with each `request.resent` and `request.not_resent` event. */
  readonly onEvent?: EventSink | undefined;
}

declare module 'undici' {
  // undici exports its types in this namespace.
  // oxlint-disable-next-line no-shadow
  namespace Dispatcher {
    interface DispatchOptions {
      /** The token request of this request. `false` sends it without a token. */
      tokenRequest?: TokenRequest | false | undefined;
    }
  }
}

/**
 * Makes an interceptor for undici that attaches a token to each request.
 *
 * When the API rejects the token, the request is resent once with a new one. Without a token the request is not sent and fails
 * with the error of the token source. These requests are sent unchanged: a request to another origin, with `tokenRequest: false`,
 * or with `Authorization` of the caller.
 *
 * Compose `cache` and `deduplicate` before this interceptor: they must see the token, otherwise one tenant may get the
 * response of another. Compose `retry` and `redirect` after it: then each of their requests gets a token.
 * @throws {ConfigurationError} if an option is unknown, malformed or missing, or an origin is http and not allowed by `dangerouslyAllowHttp`
 * @see [RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)
 * @example
 * ```ts
 * import { tokenServiceFromEnvironment } from 'm2m-tokens';
 * import { bearerTokenInterceptor } from 'm2m-tokens/undici';
 * import { Agent, request } from 'undici';
 *
 * const tokens = tokenServiceFromEnvironment();
 * const dispatcher = new Agent().compose(bearerTokenInterceptor(tokens, { origins: ['https://api.example.com'] }));
 * await request('https://api.example.com/orders', { dispatcher });
 * ```
 */
export function bearerTokenInterceptor(
  tokens: TokenSource,
  options: BearerTokenInterceptorOptions,
): Dispatcher.DispatcherComposeInterceptor;
/**
 * Makes the same interceptor for token services with names: `serviceOf` returns the name for a request. All of the
 * request uses that service, also the resend and the redirects of undici's interceptor. A request fails, and is not sent,
 * if `serviceOf` throws or returns no name. It is called for each retry, so the name must depend on the request alone.
 * @throws {ConfigurationError} as above, or if `serviceOf` is missing
 * @example
 * ```ts
 * import type { TokenServices } from 'm2m-tokens';
 * import { bearerTokenInterceptor } from 'm2m-tokens/undici';
 * import { Agent, request } from 'undici';
 *
 * declare const services: TokenServices;
 * const dispatcher = new Agent().compose(
 *   bearerTokenInterceptor(services, {
 *     origins: ['https://api.example.com'],
 *     serviceOf: ({ path }) => path.split('/')[1] ?? '',
 *   }),
 * );
 * await request('https://api.example.com/acme/orders', { dispatcher });
 * ```
 */
export function bearerTokenInterceptor(
  tokens: TokenSources,
  options: BearerTokenInterceptorOptions & {
    /** Returns the name of the token service for a request. */
    readonly serviceOf: (options: Dispatcher.DispatchOptions) => string;
  },
): Dispatcher.DispatcherComposeInterceptor;
export function bearerTokenInterceptor(
  tokens: TokenSource | TokenSources,
  options: BearerTokenInterceptorOptions & { readonly serviceOf?: (options: Dispatcher.DispatchOptions) => string },
): Dispatcher.DispatcherComposeInterceptor {
  const checked = adapterOptions('bearerTokenInterceptor', tokens, options);
  const { origins, tokenRequestOf } = checked;
  const sendOptionsOf = checked.sendOptionsOf && keptInRedirects(checked.sendOptionsOf);
  if (origins === undefined) throw new ConfigurationError('"origins" of bearerTokenInterceptor is required');
  const { isRejected } = options;

  return (dispatch) => (dispatched: Dispatched, handler) => {
    const headers = requestHeaders(dispatched.headers);
    if (dispatched.tokenRequest === false || hasAuthorization(headers)) return dispatch(dispatched, handler);
    const origin = permittedOrigin(originNamedIn(dispatched), origins);
    if (origin === undefined || isOwnRequest(() => origin + dispatched.path)) return dispatch(dispatched, handler);

    // A copy, because the caller may change its objects during the wait for a token. The redirect interceptor of undici
    // compares origins as texts, so `origin` has no slash at the end.
    const outgoing = Object.assign({}, dispatched, { origin, headers });
    const { tokenRequest } = dispatched;
    const { signal, release } = signalOf(outgoing.signal);
    const request = undiciRequest({ dispatch, outgoing, handler, origin, tokenRequest, signal, isRejected });
    void (async () => {
      try {
        // An exception would end the process if a retry interceptor dispatches the request.
        request.tokenRequest ??= tokenRequestOf?.(outgoing);
        const response = await sendAuthorized(request, sendOptionsOf?.(handler, outgoing) ?? checked);
        response.deliver();
      } catch (error) {
        request.fail(error as Error);
      } finally {
        release?.();
      }
    })();
    return true;
  };
}

type Dispatched = Dispatcher.DispatchOptions & { readonly signal?: unknown };

// Returns a new plain object, which every interceptor can read. As in undici, names that differ in case stay separate.
function requestHeaders(headers: unknown): HeaderRecord {
  if (typeof headers !== 'object' || headers === null) return {};
  if (!(Symbol.iterator in headers)) return { ...(headers as HeaderRecord) };
  const list = [...(headers as Iterable<unknown>)];
  return recordOf(Array.isArray(list[0]) ? list.flat() : list);
}

/** Whether the caller has set `Authorization`, in any letter case. undici leaves out a header that is `undefined`. */
function hasAuthorization(headers: HeaderRecord): boolean {
  return Object.entries(headers).some(([name, value]) => value !== undefined && name.toLowerCase() === 'authorization');
}

// An Agent connects to the option `origin`, and the redirect interceptor changes it.
function originNamedIn({ origin }: Dispatched): string {
  if (origin !== undefined) return String(origin);
  throw new ConfigurationError(
    '"origin" is missing from a request; set it, because undici 7 does not expose the origin of a Client or Pool',
  );
}

/** The signal of the request, and a function that removes the listener. undici also accepts an `EventEmitter`. */
function signalOf(signal: unknown): { signal?: AbortSignal; release?: () => void } {
  if (signal instanceof AbortSignal) return { signal };
  if (!(signal instanceof EventEmitter)) return {};
  const caller = new AbortController();
  const abort = (): void => caller.abort();
  signal.once('abort', abort);
  return { signal: caller.signal, release: () => signal.off('abort', abort) };
}
