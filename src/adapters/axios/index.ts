import axios, {
  type AxiosAdapter,
  type AxiosHeaders,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';

import { ConfigurationError } from '../../core/errors.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenSource } from '../../core/token-source.js';
import { type AdapterOptions, adapterOptions } from '../adapter-options.js';
import { sendAuthorized } from '../send-authorized.js';
import { axiosOrigins } from './axios-origins.js';
import { AxiosExchange, type IsRejected } from './request.js';
import { axiosTimeout } from './timeout.js';

declare module 'axios' {
  // A merged interface must repeat the type parameters.
  // oxlint-disable-next-line no-explicit-any, no-unused-vars
  interface AxiosRequestConfig<D = any, P = any> {
    /** What the token of this request is asked for; `false` sends the request without one. */
    token?: TokenRequest | false;
  }
}

/** Options of {@link bearerToken}. */
export interface BearerTokenOptions extends AdapterOptions<[config: InternalAxiosRequestConfig], AxiosResponse> {
  /**
   * URLs whose origins (scheme, host, port) may see the token; any other request goes out without one.
   * @default the origin of the `baseURL` of each request
   */
  readonly origins?: readonly string[] | undefined;
  /** Tells of further replies that reject the token, for an API that says so by a 403, say. Called before `transformResponse`. */
  readonly isRejected?: IsRejected | undefined;
}

/**
 * A request interceptor for axios that attaches a token and, when the API rejects it, sends the request once more with
 * another one: `instance.interceptors.request.use(bearerToken(tokens))`.
 *
 * A request for another origin, with `token: false`, or with credentials of its own is left alone. When there is no token the
 * request is not sent and fails with the {@link TokenError}. No response and no error holds the token.
 * @throws {ConfigurationError} when an option is unknown or malformed, or an origin is neither https nor this machine
 * @see RFC 6750 §2.1 and §3
 */
export function bearerToken(
  tokens: TokenSource,
  options: BearerTokenOptions = {},
): (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig {
  const checked = adapterOptions('bearerToken', tokens, options);
  const { requestOf } = checked;
  const { isRejected } = options;
  const originOf = axiosOrigins(checked.origins);

  // Decided here and not in the interceptor: only now have all others had their say in the URL and the headers.
  function send(adapter: AxiosAdapter, config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const { token, auth, headers, timeout } = config;
    if (token === false || auth || hasAuthorization(headers)) return adapter(config);
    const origin = originOf(config);
    if (origin === undefined) return adapter(config);

    if (origin.startsWith('http:')) keepOnThisMachine(config);

    const tokenRequest = token ?? requestOf(config);
    const { signal, release } = signalOf(config);
    const exchange = new AxiosExchange(adapter, config, origin, isRejected, tokenRequest, signal);
    const sending = sendAuthorized(timeout ? axiosTimeout(tokens, config) : tokens, exchange, checked);
    return release === undefined ? sending : sending.finally(release);
  }

  const authorizing =
    (configured: InternalAxiosRequestConfig['adapter']): AxiosAdapter =>
    (config) => {
      // Whoever sends this config again must come by this interceptor again.
      if (configured === undefined) delete config.adapter;
      else config.adapter = configured;
      return send(
        typeof configured === 'function' ? configured : getAdapter(configured ?? axios.defaults.adapter, config),
        config,
      );
    };

  // All requests of an instance have the same adapter, most often.
  let lastConfigured: InternalAxiosRequestConfig['adapter'];
  let lastAuthorizing = authorizing(undefined);

  return (config) => {
    const configured = config.adapter;
    if (configured !== lastConfigured) {
      lastConfigured = configured;
      lastAuthorizing = authorizing(configured);
    }
    config.adapter = lastAuthorizing;
    return config;
  };
}

/** Whether the caller has set the header, in whatever case. A name without a value is taken away: ours would end up there. */
function hasAuthorization(headers: AxiosHeaders): boolean {
  for (const name in headers) {
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (headers[name] !== undefined && headers[name] !== null) return true;
    delete headers[name];
  }
  return false;
}

// http is for this machine only, and a proxy is another one: it would read the token.
function keepOnThisMachine(config: InternalAxiosRequestConfig): void {
  if (config.proxy) throw new ConfigurationError('a token is not sent over http through a proxy; set "proxy: false"');
  config.proxy = false;
}

/** The signal of the request, whichever of axios' two ways it was given by, and what to do when it is no longer needed. */
function signalOf({ signal, cancelToken }: InternalAxiosRequestConfig): { signal?: AbortSignal; release?: () => void } {
  if (signal instanceof AbortSignal) return { signal };
  if (cancelToken === undefined) return noSignal;
  const canceller = new AbortController();
  const cancel = (reason: unknown) => canceller.abort(reason);
  cancelToken.subscribe(cancel);
  return { signal: canceller.signal, release: () => cancelToken.unsubscribe(cancel) };
}

const noSignal = {};
