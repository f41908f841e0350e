import {
  Axios,
  type AxiosAdapter,
  type AxiosError,
  AxiosHeaders,
  type AxiosRequestConfig,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios';

import { parseUrl } from '../../core/secure-url.js';
import { canonicalRequest, type TokenRequest } from '../../core/token-request.js';
import { discardStream, isStream } from '../body.js';
import type { AuthorizedRequest } from '../send-authorized.js';
import { type FollowingAdapters, followingAdapters } from './following-adapters.js';
import { redactRequest, type SentRequest } from './redact-request.js';
import type { Deadline } from './timeout.js';

/** Options of {@link axiosRequest}. */
export interface AxiosRequestOptions {
  readonly adapter: AxiosAdapter;
  readonly config: InternalAxiosRequestConfig;
  readonly origin: string;
  readonly tokenRequest: TokenRequest | undefined;
  readonly deadline: Deadline | undefined;
  readonly isRejected: (response: AxiosResponse) => boolean;
}

/**
 * Adapts an axios request for `sendAuthorized`. Its config holds no credentials between two sends. `toResult` returns
 * the last response, or throws the error that axios made from it.
 */
export function axiosRequest(
  options: AxiosRequestOptions,
): AuthorizedRequest<AxiosResponse> & { toResult(response: AxiosResponse): AxiosResponse } {
  const { adapter, config, origin, tokenRequest, deadline, isRejected } = options;
  const sendingAdapter = adapterFor(adapter, config);
  let failure: AxiosError | undefined;
  let lastRequest: { destroy?(): void } | undefined;

  /** Returns the response of an error, since axios throws for an error status. Rethrows an error that has none. */
  function responseOf(error: unknown): AxiosResponse {
    if (!isAxiosError(error)) throw error;
    const { response } = error;
    redactRequest(error, config);
    if (response === undefined) throw error;
    failure = error;
    if ('data' in response) return response;
    // An incomplete response has no data, and does not show whether the token was rejected.
    redactRequest(response, config);
    throw error;
  }

  return {
    method: config.method ?? 'get',
    origin,
    url: () => urlOf(config),
    tokenRequest,
    signal: deadline?.signal ?? (config.signal instanceof AbortSignal ? config.signal : undefined),
    async send({ authorization }, proof) {
      const { timeout, beforeRedirect, maxRedirects } = config;
      failure = undefined;
      config.headers['Authorization'] = authorization;
      config.beforeRedirect = withoutCredentials(origin, beforeRedirect);
      if (timeout) config.timeout = deadline?.remainingMs() ?? timeout;
      let response: AxiosResponse;
      try {
        if (proof !== undefined) config.headers['DPoP'] = proof;
        // A redirect would send the proof to another URL.
        if (proof !== undefined && sendingAdapter !== adapter) config.maxRedirects = 0;
        response = await sendingAdapter(config);
      } catch (error) {
        response = responseOf(error);
      } finally {
        delete config.headers['Authorization'];
        if (beforeRedirect) config.beforeRedirect = beforeRedirect;
        else delete config.beforeRedirect;
        if (timeout) config.timeout = timeout;
        if (proof !== undefined) {
          delete config.headers['DPoP'];
          Object.assign(config, { maxRedirects });
        }
      }
      lastRequest = response.request as typeof lastRequest;
      redactRequest(response, config);
      return response;
    },
    status,
    header,
    responseUrl,
    wasRedirected,
    isRejected,
    isResendable: () => !isStream(config.data),
    // A response stream of axios may wait for its source before it ends. Destroying the request ends both.
    discard({ data }) {
      if (!isStream(data)) return;
      discardStream(data);
      lastRequest?.destroy?.();
    },
    toResult(response) {
      if (failure !== undefined) throw failure;
      return response;
    },
  };
}

/**
 * The token request of a config. Errors of axios show their config, so a subject token or an assertion is hidden in it: a
 * canonical token request does not show them.
 */
export function withHiddenSubject(config: InternalAxiosRequestConfig): TokenRequest | undefined {
  const request = config.tokenRequest as TokenRequest | undefined;
  if (request?.subjectToken !== undefined || request?.assertion !== undefined) {
    config.tokenRequest = canonicalRequest(request);
  }
  return config.tokenRequest as TokenRequest | undefined;
}

function adapterFor(adapter: AxiosAdapter, config: InternalAxiosRequestConfig): AxiosAdapter {
  if (!replacements.has(adapter)) {
    const isFetchAdapter = (each: AxiosRequestConfig): boolean => adapter === getAdapter('fetch', each);
    const made = [config, {}].find(isFetchAdapter);
    replacements.set(adapter, made && followingAdapters(made));
  }
  const following = replacements.get(adapter);
  if (following === undefined) return adapter;
  return isStream(config.data) ? following.forStreams : following.forOthers;
}

// axios caches each adapter that it makes, so make the replacements only once for each adapter of the caller.
const replacements = new WeakMap<AxiosAdapter, FollowingAdapters | undefined>();

const status = (response: AxiosResponse): number => response.status;

// An adapter of the caller may leave the headers out, or give a plain object.
const header = ({ headers }: AxiosResponse, name: string): string | undefined =>
  AxiosHeaders.from((headers as AxiosHeaders | undefined) ?? {})
    .get(name)
    ?.toString();

const responseUrl = ({ request }: AxiosResponse): string | undefined =>
  (request as Partial<SentRequest> | undefined)?.res?.responseUrl;

// `request` is `false` if axios' fetch adapter made no `Request`: then a redirect is possible.
const wasRedirected = ({ request }: AxiosResponse): boolean =>
  request === false || ((request as Partial<SentRequest> | undefined)?.wasRedirected ?? false);

// Without `params`, because a proof excludes the query.
const urlOf = ({ url = '', baseURL, allowAbsoluteUrls }: InternalAxiosRequestConfig): string =>
  new Axios().getUri({ url, baseURL, allowAbsoluteUrls } as AxiosRequestConfig);

/**
 * A `beforeRedirect` option of axios that removes the token and the proof on a redirect to another origin. axios treats
 * a `Host` header of the caller as the origin of the request, so it would keep them.
 */
const withoutCredentials =
  (origin: string, next: BeforeRedirect | undefined): BeforeRedirect =>
  (options, ...rest) => {
    const headers = (options['headers'] ?? {}) as Record<string, unknown>;
    const isOtherOrigin = parseUrl(String(options['href']))?.origin !== origin;
    for (const name of isOtherOrigin ? Object.keys(headers) : [])
      if (/^(authorization|dpop)$/i.test(name)) delete headers[name];
    next?.(options, ...rest);
  };

type BeforeRedirect = NonNullable<AxiosRequestConfig['beforeRedirect']>;
