/**
 * Attaches tokens to the requests of `fetch`.
 * @module m2m-tokens/fetch
 */
import { ConfigurationError } from '../../core/errors.js';
import type { EventSink } from '../../core/events.js';
import type { InsecureUrl } from '../../core/insecure-url.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenSource } from '../../core/token-source.js';
import type { TokenSources } from '../../core/token-sources.js';
import { adapterOptions } from '../adapter-options.js';
import { cancelBody, isStream } from '../body.js';
import { isOwnRequest, permittedOrigin } from '../origins.js';
import { type AuthorizedRequest, sendAuthorized } from '../send-authorized.js';
import { copyForNextSend, type FetchCall, fetchCall, type FetchInit, initWith, urlOf } from './call.js';
import { followRedirects } from './redirect.js';

/** Options of {@link withBearerToken}. */
export interface FetchTokenOptions {
  /** Origins that receive the token, such as `https://api.example.com`. Other origins get requests without a token. */
  readonly origins: readonly (string | InsecureUrl)[];
  /** The token request of requests that have none of their own: an object, or a function of the outgoing request. */
  readonly tokenRequest?: TokenRequest | ((url: string, init: RequestInit) => TokenRequest | undefined) | undefined;
  /**
   * Which requests may be resent after a rejected token or for a DPoP nonce; `'safe'` means GET, HEAD, OPTIONS and TRACE. After a
   * 401 any request may be resent, because the API has not carried it out. @default 'all'
   */
  readonly resend?: 'all' | 'safe' | 'never' | undefined;
  /** Whether a response rejects the token, for an API that uses another status than 401. Read the body of a `clone()`. */
  readonly isRejected?: ((response: Response) => boolean | Promise<boolean>) | undefined;
  /** Called with each `request.resent` and `request.not_resent` event. */
  readonly onEvent?: EventSink | undefined;
}

/** The result of {@link withBearerToken}: a `fetch` with one more member of `init`. */
export type FetchWithToken = (
  input: string | URL | Request,
  init?: RequestInit & {
    /** The token request of this request. `false` sends it without a token. */
    readonly tokenRequest?: TokenRequest | false | undefined;
  },
) => Promise<Response>;

/**
 * Wraps a `fetch` so that it attaches a token to each request. The result works wherever a `fetch` is expected.
 *
 * When the API rejects the token, the request is resent once with a new one. Without a token the request is not sent and fails
 * with the error of the token source. These requests are sent without a token: a request or redirect to another origin, with
 * `tokenRequest: false`, or with `Authorization` of the caller. A `Request` with a body is cloned, which keeps the body in memory.
 * @throws {ConfigurationError} if an option is unknown, malformed or missing, or an origin is http and not allowed by `dangerouslyAllowHttp`
 * @see [RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)
 * @example
 * ```ts
 * import { tokenServiceFromEnvironment } from 'm2m-tokens';
 * import { withBearerToken } from 'm2m-tokens/fetch';
 *
 * const tokens = tokenServiceFromEnvironment();
 * const authorizedFetch = withBearerToken(fetch, tokens, { origins: ['https://api.example.com'] });
 * await authorizedFetch('https://api.example.com/orders');
 * ```
 */
export function withBearerToken(
  fetch: typeof globalThis.fetch,
  tokens: TokenSource,
  options: FetchTokenOptions,
): FetchWithToken;
/**
 * Wraps a `fetch` in the same way for token services with names: `serviceOf` returns the name for a request. All of the
 * request uses that service, also the resend and redirects. A request fails, and is not sent, if `serviceOf` throws or
 * returns no name. A library that retries requests calls it for each retry, so the name must depend on the request alone.
 * @throws {ConfigurationError} as above, or if `serviceOf` is missing
 * @example
 * ```ts
 * import type { TokenServices } from 'm2m-tokens';
 * import { withBearerToken } from 'm2m-tokens/fetch';
 *
 * declare const services: TokenServices;
 * const tenantFetch = withBearerToken(fetch, services, {
 *   origins: ['https://api.example.com'],
 *   serviceOf: (url) => new URL(url).pathname.split('/')[1] ?? '',
 * });
 * await tenantFetch('https://api.example.com/acme/orders');
 * ```
 */
export function withBearerToken(
  fetch: typeof globalThis.fetch,
  tokens: TokenSources,
  options: FetchTokenOptions & {
    /** Returns the name of the token service for a request. */
    readonly serviceOf: (url: string, init: RequestInit) => string;
  },
): FetchWithToken;
export function withBearerToken(
  fetch: typeof globalThis.fetch,
  tokens: TokenSource | TokenSources,
  options: FetchTokenOptions & { readonly serviceOf?: (url: string, init: RequestInit) => string },
): FetchWithToken {
  const checked = adapterOptions('withBearerToken', tokens, options);
  const { origins, tokenRequestOf, sendOptionsOf } = checked;
  if (origins === undefined) throw new ConfigurationError('"origins" of withBearerToken is required');
  const { isRejected = () => false } = options;

  const authorizedRequest = (
    call: FetchCall,
    origin: string,
    tokenRequest: TokenRequest | undefined,
  ): AuthorizedRequest<Response> => ({
    method: call.init.method ?? 'GET',
    origin,
    url: () => call.url,
    tokenRequest,
    signal: call.init.signal ?? undefined,
    send({ authorization }, proof) {
      const { input, init } = call;
      copyForNextSend(call);
      const credentials = proof === undefined ? { authorization } : { authorization, dpop: proof };
      const redirect = init.redirect === 'error' ? 'error' : 'manual';
      return fetch(input, initWith(joined(init.headers, credentials), redirect, init));
    },
    status,
    header,
    responseUrl,
    wasRedirected,
    isRejected,
    isResendable: () => !isStream(call.init.body),
    discard,
  });

  return async (input, initOrNull) => {
    const init = initOrNull ?? {};
    const { tokenRequest } = init;
    const url = urlOf(input);
    const firstOrigin = permittedOrigin(url, origins);
    if (tokenRequest === false || firstOrigin === undefined || isOwnRequest(() => url)) return fetch(input, init);
    const first = fetchCall(input, url, init);
    // Send the copy: the caller's headers may be an iterator, which `fetchCall` has consumed.
    if (hasAuthorization(first.init)) return fetch(input, first.init);

    const sendOptions = sendOptionsOf?.(url, first.init) ?? checked;
    const sendWithToken = (call: FetchCall, origin: string): Promise<Response> => {
      const requested = tokenRequest ?? tokenRequestOf?.(call.url, call.init);
      return sendAuthorized(authorizedRequest(call, origin, requested), sendOptions);
    };
    let isAuthorized = true;
    // The adapter follows redirects: a custom `fetch` may keep all headers, and a proof is valid for one URL only.
    return followRedirects(first, await sendWithToken(first, firstOrigin), (call) => {
      const origin = permittedOrigin(call.url, origins);
      // After a redirect to another origin, no further request gets a token.
      isAuthorized &&= origin !== undefined;
      return origin === undefined || !isAuthorized ? fetch(call.input, call.init) : sendWithToken(call, origin);
    });
  };
}

function hasAuthorization({ headers }: FetchInit): boolean {
  const names = Array.isArray(headers) ? headers.map(([name]) => name) : Object.keys(headers);
  return names.some((name) => name.toLowerCase() === 'authorization');
}

const status = (response: Response): number => response.status;
const header = ({ headers }: Response, name: string): string | undefined => headers.get(name) ?? undefined;
// A custom `fetch` may ignore `redirect: 'manual'`.
const responseUrl = ({ url }: Response): string | undefined => url || undefined;
const wasRedirected = ({ redirected }: Response): boolean => redirected;
const discard = ({ body }: Response): void => cancelBody(body);

const joined = (headers: FetchInit['headers'], credentials: Record<string, string>): FetchInit['headers'] =>
  Array.isArray(headers) ? [...headers, ...Object.entries(credentials)] : Object.assign(credentials, headers);
