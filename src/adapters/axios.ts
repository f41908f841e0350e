import {
  type AxiosAdapter,
  type AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios';

import { ConfigurationError } from '../errors.js';
import { eventSink, type EventSink } from '../events.js';
import { anyFunction, checkOptions, functionOrObject, listOfStrings, oneOf } from '../options.js';
import type { TokenRequest } from '../token-request.js';
import type { TokenSource } from '../token-source.js';
import { rejectsToken } from './challenge.js';
import { secureOrigin, secureOrigins } from './origins.js';
import { type AuthorizedRequest, type Replay, sendAuthorized } from './send-authorized.js';
import { sentRequest } from './sent-request.js';

declare module 'axios' {
  // A merged interface must repeat the type parameters.
  // oxlint-disable-next-line no-explicit-any, no-unused-vars
  interface AxiosRequestConfig<D = any, P = any> {
    /** What the token of this request is asked for; `false` sends the request without one. */
    token?: TokenRequest | false;
  }
}

/** Options of {@link bearerToken}. */
export interface BearerTokenOptions {
  /**
   * URLs whose origins (scheme, host, port) may see the token; any other request goes out without one.
   * @default the origin of the `baseURL` of each request
   */
  readonly origins?: readonly string[] | undefined;
  /** The token request of requests that name no other; a function of the outgoing request for multi-tenant clients. */
  readonly request?: TokenRequest | ((config: InternalAxiosRequestConfig) => TokenRequest | undefined) | undefined;
  /**
   * Which requests are sent again after a rejected token: `'safe'` means GET, HEAD, OPTIONS and TRACE (RFC 9110 §9.2.1).
   * A 401 says that nothing was done, so that any may be.
   * @default 'all'
   */
  readonly replay?: Replay | undefined;
  /** Tells of further replies that reject the token, for an API that says so by a 403, say. Called before `transformResponse`. */
  readonly isRejected?: ((response: AxiosResponse) => boolean) | undefined;
  readonly onEvent?: EventSink | undefined;
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
  checkOptions('bearerToken', options, {
    origins: listOfStrings,
    request: functionOrObject,
    replay: oneOf('all', 'safe', 'never'),
    isRejected: anyFunction,
    onEvent: anyFunction,
  });
  const { request: byDefault, replay = 'all', isRejected = () => false } = options;
  const emit = eventSink(options.onEvent);
  const targetOf = targets(options.origins && secureOrigins(options.origins));

  const requestOf = (config: InternalAxiosRequestConfig): TokenRequest | undefined => {
    if (config.token !== undefined && config.token !== false) return config.token;
    return typeof byDefault === 'function' ? byDefault(config) : byDefault;
  };

  // Decided here and not in the interceptor: only now have all others had their say in the URL and the headers.
  async function send(adapter: AxiosAdapter, config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    if (config.token === false || config.auth || config.headers.has('Authorization')) return adapter(config);
    const origin = targetOf(config);
    if (origin === undefined) return adapter(config);

    let failure: AxiosError | undefined;
    const authorized: AuthorizedRequest<AxiosResponse> = {
      method: config.method ?? 'get',
      origin,
      async send({ authorization }) {
        failure = undefined;
        try {
          config.headers['Authorization'] = authorization;
          return withoutRequest(await adapter(config));
        } catch (error) {
          failure = withoutRequest(error as AxiosError);
          // A status that axios calls an error is a reply like any other here.
          if (failure.response === undefined) throw failure;
          return withoutRequest(failure.response);
        } finally {
          delete config.headers['Authorization'];
        }
      },
      isRejected: (response) =>
        (response.status === 401 && rejectsToken(401, challengeOf(response))) || isRejected(response),
      canSendAgain: () => !isStream(config.data),
      discard: ({ data }) => {
        if (isStream(data)) data.destroy?.();
      },
    };
    const signal = config.signal instanceof AbortSignal ? config.signal : undefined;
    const response = await sendAuthorized(tokens, authorized, { request: requestOf(config), signal, replay, emit });
    if (failure !== undefined) throw failure;
    return response;
  }

  return (config) => {
    const configured = config.adapter;
    config.adapter = (final) => {
      // Whoever sends this config again must come by this interceptor again.
      if (configured === undefined) delete final.adapter;
      else final.adapter = configured;
      return send(getAdapter(configured, final), final);
    };
    return config;
  };
}

/** The origin that a request goes to, or `undefined` when that may not see a token. */
function targets(origins: ReadonlySet<string> | undefined): (config: InternalAxiosRequestConfig) => string | undefined {
  let lastBase: string | undefined;
  let lastOrigin = '';

  // A service talks to one base URL, or a few: parsing it again and again is the dearest part of a request here.
  const originOfBase = (baseURL: string): string => {
    if (baseURL !== lastBase) {
      if (origins === undefined) secureOrigin(baseURL, 'baseURL');
      lastOrigin = originOf(baseURL);
      lastBase = baseURL;
    }
    return lastOrigin;
  };

  return ({ url = '', baseURL, allowAbsoluteUrls }) => {
    if (origins === undefined && !baseURL) {
      throw new ConfigurationError('"origins" of bearerToken is required for an axios request without "baseURL"');
    }
    const isBelowBase = baseURL && (allowAbsoluteUrls === false || !isAbsolute.test(url));
    const origin = isBelowBase ? originOfBase(baseURL) : originOf(url);
    const isPermitted = origins?.has(origin) ?? (origin !== '' && origin === originOfBase(baseURL as string));
    return isPermitted ? origin : undefined;
  };
}

// As axios decides it: what has a scheme or begins with // is not put below the base URL.
const isAbsolute = /^([a-z][a-z\d+\-.]*:)?\/\//i;

// Credentials in the URL become an Authorization header of axios' own: not ours to replace.
function originOf(url: string): string {
  if (!URL.canParse(url)) return '';
  const { origin, username, password } = new URL(url);
  return username === '' && password === '' ? origin : '';
}

function challengeOf({ headers }: AxiosResponse): string | undefined {
  return AxiosHeaders.from(headers as AxiosHeaders)
    .get('WWW-Authenticate')
    ?.toString();
}

function withoutRequest<T extends { request?: unknown }>(holder: T): T {
  if (typeof holder.request === 'object' && holder.request !== null) holder.request = sentRequest(holder.request);
  return holder;
}

// What can be read once only: Node's streams, the form-data package, web streams, iterators.
function isStream(body: unknown): body is { destroy?(): void } {
  return (
    typeof body === 'object' && body !== null && ('pipe' in body || 'getReader' in body || Symbol.asyncIterator in body)
  );
}
