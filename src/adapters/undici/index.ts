import { EventEmitter } from 'node:events';

import type { Dispatcher } from 'undici';

import { ConfigurationError } from '../../core/errors.js';
import type { InsecureUrl } from '../../core/insecure-url.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenSource } from '../../core/token-source.js';
import { type AdapterOptions, adapterOptions } from '../adapter-options.js';
import { isOwnRequest, permittedOrigin } from '../origins.js';
import { sendAuthorized } from '../send-authorized.js';
import { type HeaderRecord, recordOf } from './headers.js';
import { type UndiciReply, undiciRequest } from './request.js';

/** Options of {@link bearerTokenInterceptor}. */
export interface BearerTokenInterceptorOptions extends AdapterOptions<
  [options: Dispatcher.DispatchOptions],
  UndiciReply
> {
  /** URLs whose origins (scheme, host, port) get the token. A request to any other origin is sent without a token. */
  readonly origins: readonly (string | InsecureUrl)[];
}

declare module 'undici' {
  // undici exports its types in this namespace.
  // oxlint-disable-next-line no-shadow
  namespace Dispatcher {
    interface DispatchOptions {
      /** The token request of this request; `false` sends the request without a token. */
      tokenRequest?: TokenRequest | false | undefined;
    }
  }
}

/**
 * An interceptor for undici that attaches a token, and resends a request once with another token when the API rejects the
 * first: `new Agent().compose(bearerTokenInterceptor(tokens, { origins: ['https://api.example.com'] }))`. Each request of an
 * interceptor that is composed after it, `retry` or `redirect` for instance, passes it. Compose `cache` and `deduplicate` before
 * it: they must see the token, or one tenant gets the response to another.
 *
 * A request to another origin, with `tokenRequest: false`, or with an `Authorization` of the caller is sent as it is. Without a token
 * the request is not sent and fails with the {@link TokenError}.
 * @throws {ConfigurationError} when an option is unknown, malformed or missing, or an origin is http and not allowed by `dangerouslyAllowHttp`
 * @see RFC 6750 §2.1 and §3
 */
export function bearerTokenInterceptor(
  tokens: TokenSource,
  options: BearerTokenInterceptorOptions,
): Dispatcher.DispatcherComposeInterceptor {
  const checked = adapterOptions('bearerTokenInterceptor', tokens, options);
  const { origins, tokenRequestOf } = checked;
  if (origins === undefined) throw new ConfigurationError('"origins" of bearerTokenInterceptor is required');
  const { isRejected } = options;

  return (dispatch) => (dispatched: Dispatched, handler) => {
    const headers = requestHeaders(dispatched.headers);
    if (dispatched.tokenRequest === false || hasAuthorization(headers)) return dispatch(dispatched, handler);
    const origin = permittedOrigin(originNamedIn(dispatched), origins);
    if (origin === undefined || isOwnRequest(() => origin + dispatched.path)) return dispatch(dispatched, handler);

    // A copy, so that the caller may change its objects during the wait for a token. The redirect interceptor of undici compares
    // origins as texts without a slash at the end.
    const outgoing = Object.assign({}, dispatched, { origin, headers });
    const tokenRequest = dispatched.tokenRequest ?? tokenRequestOf?.(outgoing);
    const { signal, release } = signalOf(outgoing.signal);
    const request = undiciRequest({ dispatch, outgoing, handler, origin, tokenRequest, signal, isRejected });
    void (async () => {
      try {
        const response = await sendAuthorized(request, checked);
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

// As a new plain object, the form that each interceptor reads. Equal names in different case stay apart, as undici sends them.
function requestHeaders(headers: unknown): HeaderRecord {
  if (typeof headers !== 'object' || headers === null) return {};
  if (!(Symbol.iterator in headers)) return { ...(headers as HeaderRecord) };
  const list = [...(headers as Iterable<unknown>)];
  return recordOf(Array.isArray(list[0]) ? list.flat() : list);
}

/** Whether the caller has set `Authorization`, in whatever case. undici leaves out a header that is `undefined`. */
function hasAuthorization(headers: HeaderRecord): boolean {
  return Object.entries(headers).some(([name, value]) => value !== undefined && name.toLowerCase() === 'authorization');
}

// The origin that an Agent connects to, and that redirects change.
function originNamedIn({ origin }: Dispatched): string {
  if (origin !== undefined) return String(origin);
  throw new ConfigurationError(
    '"origin" is missing from a request: undici 7 does not tell otherwise where a Client or Pool sends it',
  );
}

/** The signal of the request, and what releases it after the request. An emitter of events is a signal for undici, too. */
function signalOf(signal: unknown): { signal?: AbortSignal; release?: () => void } {
  if (signal instanceof AbortSignal) return { signal };
  if (!(signal instanceof EventEmitter)) return {};
  const caller = new AbortController();
  const abort = (): void => caller.abort();
  signal.once('abort', abort);
  return { signal: caller.signal, release: () => signal.off('abort', abort) };
}
