import { ConfigurationError } from '../../core/errors.js';
import type { InsecureUrl } from '../../core/insecure-url.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenSource } from '../../core/token-source.js';
import { type AdapterOptions, adapterOptions } from '../adapter-options.js';
import { cancelBody, isStream } from '../body.js';
import { isOwnRequest, permittedOrigin } from '../origins.js';
import { type AuthorizedRequest, sendAuthorized } from '../send-authorized.js';
import { copyForNextSend, type FetchCall, fetchCall, type FetchInit, initWith, urlOf } from './call.js';
import { followRedirects } from './redirect.js';

/** Options of {@link withBearerToken}. */
export interface FetchTokenOptions extends AdapterOptions<
  [url: string, init: RequestInit],
  Response,
  boolean | Promise<boolean>
> {
  /** URLs whose origins (scheme, host, port) get the token. A request to any other origin is sent without a token. */
  readonly origins: readonly (string | InsecureUrl)[];
}

/** The result of {@link withBearerToken}: a `fetch` with one more member of `init`. */
export type FetchWithToken = (
  input: string | URL | Request,
  init?: RequestInit & {
    /** The token request of this request; `false` sends the request without a token. */
    readonly tokenRequest?: TokenRequest | false | undefined;
  },
) => Promise<Response>;

/**
 * A `fetch` that attaches a token, and resends a request once with another token when the API rejects the first:
 * `withBearerToken(fetch, tokens, { origins: ['https://api.example.com'] })`. It goes wherever a `fetch` is expected.
 *
 * A request to another origin, with `tokenRequest: false`, or with an `Authorization` of the caller is sent as it is. A redirect to
 * another origin is followed without the token. Without a token the request is not sent and fails with the {@link TokenError}.
 * A `Request` with a body is cloned before it is sent; the clone keeps the body in memory.
 * @throws {ConfigurationError} when an option is unknown, malformed or missing, or an origin is http and not allowed by `dangerouslyAllowHttp`
 * @see RFC 6750 §2.1 and §3
 */
export function withBearerToken(
  fetch: typeof globalThis.fetch,
  tokens: TokenSource,
  options: FetchTokenOptions,
): FetchWithToken {
  const checked = adapterOptions('withBearerToken', tokens, options);
  const { origins, tokenRequestOf } = checked;
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
    if (tokenRequest === false || permittedOrigin(url, origins) === undefined || isOwnRequest(() => url)) {
      return fetch(input, init);
    }
    const first = fetchCall(input, init);
    // With the copy: the caller's headers may be an iterator, which has ended.
    if (hasAuthorization(first.init)) return fetch(input, first.init);

    let isAuthorized = true;
    // A fetch of the caller may take all headers along, and a proof is for one URL.
    return followRedirects(first, (call) => {
      const origin = permittedOrigin(call.url, origins);
      // No request after one to another origin gets a token, wherever redirects lead.
      isAuthorized &&= origin !== undefined;
      if (origin === undefined || !isAuthorized) return fetch(call.input, call.init);
      const requested = tokenRequest ?? tokenRequestOf?.(call.url, call.init);
      return sendAuthorized(authorizedRequest(call, origin, requested), checked);
    });
  };
}

function hasAuthorization({ headers }: FetchInit): boolean {
  const names = Array.isArray(headers) ? headers.map(([name]) => name) : Object.keys(headers);
  return names.some((name) => name.toLowerCase() === 'authorization');
}

const status = (response: Response): number => response.status;
const header = ({ headers }: Response, name: string): string | undefined => headers.get(name) ?? undefined;
// A fetch of the caller may follow redirects all the same.
const responseUrl = ({ url }: Response): string | undefined => url || undefined;
const wasRedirected = ({ redirected }: Response): boolean => redirected;
const discard = ({ body }: Response): void => cancelBody(body);

const joined = (headers: FetchInit['headers'], credentials: Record<string, string>): FetchInit['headers'] =>
  Array.isArray(headers) ? [...headers, ...Object.entries(credentials)] : Object.assign(credentials, headers);
