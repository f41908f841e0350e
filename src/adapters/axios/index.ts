/**
 * Attaches tokens to the requests of axios.
 * @module m2m-tokens/axios
 */
import axios, {
  type AxiosAdapter,
  type AxiosHeaders,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';

import { ConfigurationError } from '../../core/errors.js';
import type { EventSink } from '../../core/events.js';
import type { InsecureUrl } from '../../core/insecure-url.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenSource } from '../../core/token-source.js';
import type { TokenSources } from '../../core/token-sources.js';
import { adapterOptions } from '../adapter-options.js';
import { isOwnRequest, originOf, permittedOrigin, secureOrigin } from '../origins.js';
import { sendAuthorized } from '../send-authorized.js';
import { axiosRequest, withHiddenSubject } from './request.js';
import { startDeadline } from './timeout.js';

declare module 'axios' {
  // A merged interface must repeat the type parameters.
  // oxlint-disable-next-line no-explicit-any, no-unused-vars
  interface AxiosRequestConfig<D = any, P = any> {
    /** The token request of this request. `false` sends it without a token. */
    tokenRequest?: TokenRequest | false;
  }
}

/** Options of {@link bearerToken}. */
export interface BearerTokenOptions {
  /**
   * Origins that receive the token, such as `https://api.example.com`. Other origins get requests without a token.
   * @default the origin of the `baseURL` of each request
   */
  readonly origins?: readonly (string | InsecureUrl)[] | undefined;
  /** The token request of requests that have none of their own: an object, or a function of the outgoing request. */
  readonly tokenRequest?: TokenRequest | ((config: InternalAxiosRequestConfig) => TokenRequest | undefined) | undefined;
  /**
   * Which requests may be resent after a rejected token or for a DPoP nonce; `'safe'` means GET, HEAD, OPTIONS and TRACE. After a
   * 401 any request may be resent, because the API has not carried it out. @default 'all'
   */
  readonly resend?: 'all' | 'safe' | 'never' | undefined;
  /** Whether a response rejects the token, for an API that uses another status than 401. `transformResponse` has not run yet. */
  readonly isRejected?: ((response: AxiosResponse) => boolean) | undefined;
  /** Called with each `request.resent` and `request.not_resent` event. */
  readonly onEvent?: EventSink | undefined;
}

/**
 * Makes a request interceptor for axios that attaches a token to each request.
 *
 * When the API rejects the token, the request is resent once with a new one. Without a token the request is not sent and fails
 * with the error of the token source. No response and no error holds the token. These requests are sent unchanged: a request to
 * another origin, with `tokenRequest: false`, or with `Authorization` or `auth` of the caller.
 * @throws {ConfigurationError} if an option is unknown or malformed, or an origin is http and not allowed by `dangerouslyAllowHttp`
 * @see [RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)
 * @example
 * ```ts
 * import axios from 'axios';
 * import { tokenServiceFromEnvironment } from 'm2m-tokens';
 * import { bearerToken } from 'm2m-tokens/axios';
 *
 * const api = axios.create({ baseURL: 'https://api.example.com' });
 * api.interceptors.request.use(bearerToken(tokenServiceFromEnvironment()));
 * await api.get('/orders');
 * ```
 */
export function bearerToken(
  tokens: TokenSource,
  options?: BearerTokenOptions,
): (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig;
/**
 * Makes the same interceptor for token services with names: `serviceOf` returns the name for a request. The resend and redirects
 * use the same service. If `serviceOf` throws or returns no name, the request fails and is not sent. It is called again for each
 * retry by another library, so the name must depend on the request alone.
 * @example
 * ```ts
 * import axios from 'axios';
 * import type { TokenServices } from 'm2m-tokens';
 * import { bearerToken } from 'm2m-tokens/axios';
 *
 * declare const services: TokenServices;
 * const api = axios.create({ baseURL: 'https://api.example.com/' });
 * api.interceptors.request.use(bearerToken(services, { serviceOf: ({ url = '' }) => url.split('/')[0] ?? '' }));
 * ```
 */
export function bearerToken(
  tokens: TokenSources,
  options: BearerTokenOptions & {
    /** Returns the name of the token service for a request. */
    readonly serviceOf: (config: InternalAxiosRequestConfig) => string;
  },
): (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig;
export function bearerToken(
  tokens: TokenSource | TokenSources,
  options: BearerTokenOptions & { readonly serviceOf?: (config: InternalAxiosRequestConfig) => string } = {},
): (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig {
  const checked = adapterOptions('bearerToken', tokens, options);
  const { tokenRequestOf, sendOptionsOf } = checked;
  const { isRejected = () => false } = options;
  const permittedOriginOf = axiosOrigins(checked.origins);

  async function send(adapter: AxiosAdapter, config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const { auth, headers, timeout, cancelToken } = config;
    if (config.tokenRequest === false || auth || hasAuthorization(headers)) return adapter(config);
    const origin = permittedOriginOf(config);
    if (origin === undefined || isOwnRequest(() => axios.getUri(config))) return adapter(config);

    if (origin.startsWith('http:')) disableProxy(config);
    const tokenRequest = withHiddenSubject(config) ?? tokenRequestOf?.(config);
    const sendOptions = sendOptionsOf?.(config) ?? checked;
    const deadline = timeout || cancelToken ? startDeadline(config) : undefined;
    const request = axiosRequest({ adapter, config, origin, tokenRequest, deadline, isRejected });
    try {
      return request.toResult(await sendAuthorized(request, sendOptions));
    } finally {
      deadline?.clear();
    }
  }

  return (config) => {
    const configured = config.adapter;
    // The adapter decides, not the interceptor: interceptors that run later may change the URL and the headers.
    config.adapter = (final) => {
      // Restore the adapter of the caller: if a library sends this config again, the interceptor runs again.
      if (configured === undefined) delete final.adapter;
      else final.adapter = configured;
      return send(getAdapter(configured ?? axios.defaults.adapter, final), final);
    };
    return config;
  };
}

/** Whether the caller has set `Authorization`. Deletes spellings without a value: axios would use one for the token. */
function hasAuthorization(headers: AxiosHeaders): boolean {
  for (const name of Object.keys(headers)) {
    if (name.toLowerCase() !== 'authorization') continue;
    if (headers[name] !== undefined && headers[name] !== null) return true;
    delete headers[name];
  }
  return false;
}

// A proxy could read a token that is sent over http.
function disableProxy(config: InternalAxiosRequestConfig): void {
  if (config.proxy) throw new ConfigurationError('a token is not sent over http through a proxy; set "proxy: false"');
  config.proxy = false;
}

/**
 * Finds the origin of a request; `undefined` for an origin that gets no token. Without `origins`, the origin of `baseURL` gets it.
 * @throws {ConfigurationError} when there is neither, or a `baseURL` is http to another machine
 */
function axiosOrigins(
  origins: readonly string[] | undefined,
): (config: InternalAxiosRequestConfig) => string | undefined {
  let lastBase: string | undefined;
  let originsOfBase: readonly string[] = [];

  return ({ url = '', baseURL, allowAbsoluteUrls }) => {
    if (origins === undefined && !baseURL) {
      throw new ConfigurationError('"origins" of bearerToken is required for an axios request without "baseURL"');
    }
    // An instance has one base URL. This saves parsing it for each request.
    if (origins === undefined && baseURL !== undefined && baseURL !== lastBase) {
      const origin = secureOrigin(baseURL, 'baseURL');
      originsOfBase = originOf(baseURL) === origin ? [origin] : [];
      lastBase = baseURL;
    }
    const isBelowBase = baseURL && (allowAbsoluteUrls === false || !isAbsolute.test(url));
    return permittedOrigin(isBelowBase ? baseURL : url, origins ?? originsOfBase);
  };
}

const isAbsolute = /^(?:[a-z][a-z\d+\-.]*:)?\/\//i; // the same check as in axios
