import axios, {
  type AxiosAdapter,
  type AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios';

import type { AccessToken } from '../access-token.js';
import { ConfigurationError } from '../errors.js';
import { parseUrl } from '../secure-url.js';
import type { TokenRequest } from '../token-request.js';
import type { TokenSource } from '../token-source.js';
import { type AdapterOptions, adapterOptions } from './adapter-options.js';
import { axiosOrigins, axiosUrl } from './axios-origins.js';
import { axiosTimeout } from './axios-timeout.js';
import { rejectsToken } from './challenge.js';
import { isElsewhere } from './origins.js';
import { type AuthorizedRequest, sendAuthorized } from './send-authorized.js';
import { redactRequest, sentRequest, type SentRequest } from './sent-request.js';
import { discardStream, isStream, letGoOfRequest } from './stream-body.js';

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
  readonly isRejected?: ((response: AxiosResponse) => boolean) | undefined;
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
  const { origins, requestOf, replay, emit, proofs } = adapterOptions('bearerToken', tokens, options);
  const { isRejected } = options;
  const originOf = axiosOrigins(origins);

  // Decided here and not in the interceptor: only now have all others had their say in the URL and the headers.
  function send(adapter: AxiosAdapter, config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const { token, auth, headers, timeout } = config;
    if (token === false || auth || hasAuthorization(headers)) return adapter(config);
    const origin = originOf(config);
    if (origin === undefined) return adapter(config);

    if (origin.startsWith('http:')) keepOnThisMachine(config);

    const authorized = new AxiosExchange(adapter, config, origin, isRejected);
    const { signal, release } = signalOf(config);
    const sending = sendAuthorized(timeout ? axiosTimeout(tokens, config) : tokens, authorized, {
      request: token ?? requestOf(config),
      signal,
      replay,
      emit,
      proofs,
    });
    return release === undefined ? sending : sending.finally(release);
  }

  return (config) => {
    const configured = config.adapter;
    config.adapter = (final) => {
      // Whoever sends this config again must come by this interceptor again.
      if (configured === undefined) delete final.adapter;
      else final.adapter = configured;
      return send(
        typeof configured === 'function' ? configured : getAdapter(configured ?? axios.defaults.adapter, final),
        final,
      );
    };
    return config;
  };
}

/** One request and what came of it. A class, so that a request makes one object here and no closures. */
class AxiosExchange implements AuthorizedRequest<AxiosResponse> {
  private readonly adapter: AxiosAdapter;
  private readonly config: InternalAxiosRequestConfig;
  private readonly alsoRejected: BearerTokenOptions['isRejected'];
  private readonly timeout: number | undefined;
  readonly origin: string;
  private failure: AxiosError | undefined;
  /** What the options were before there was a proof to look after. */
  private unproven: { sensitiveHeaders: string[] | undefined; maxRedirects: number | undefined } | undefined;

  constructor(
    adapter: AxiosAdapter,
    config: InternalAxiosRequestConfig,
    origin: string,
    isRejected: BearerTokenOptions['isRejected'],
  ) {
    this.adapter = adapter;
    this.config = config;
    this.timeout = config.timeout;
    this.origin = origin;
    this.alsoRejected = isRejected;
  }

  get method(): string {
    return this.config.method ?? 'get';
  }

  get url(): string {
    return axiosUrl(this.config);
  }

  send({ authorization }: AccessToken, proof?: string): Promise<AxiosResponse> {
    this.failure = undefined;
    this.config.headers['Authorization'] = authorization;
    if (proof !== undefined) this.attach(proof);
    return this.adapter(this.config);
  }

  private attach(proof: string): void {
    const { config } = this;
    this.unproven ??= { sensitiveHeaders: config.sensitiveHeaders, maxRedirects: config.maxRedirects };
    config.headers['DPoP'] = proof;
    config.sensitiveHeaders = ['dpop'].concat(this.unproven.sensitiveHeaders ?? []);
    // A fetch that follows a redirect takes the proof along, to wherever that leads.
    if (this.adapter === getAdapter('fetch', config)) config.maxRedirects = 0;
  }

  conceal(): void {
    delete this.config.headers['Authorization'];
    if (this.timeout !== undefined) this.config.timeout = this.timeout;
    if (this.unproven === undefined) return;
    delete this.config.headers['DPoP'];
    Object.assign(this.config, this.unproven);
  }

  header(response: AxiosResponse, name: string): string | undefined {
    return this.isFromElsewhere(response) ? undefined : headerOf(response, name);
  }

  replyIn(error: unknown): AxiosResponse {
    if (!isAxiosError(error)) throw error;
    this.failure = withoutCredentials(error);
    const { response } = error;
    if (response !== undefined && 'data' in response) return response;
    // A reply that broke off has no data, and says nothing.
    if (response !== undefined) withoutCredentials(response);
    throw error;
  }

  isRejected(response: AxiosResponse): boolean {
    const { status } = response;
    if (status === 401 && !this.isFromElsewhere(response)) {
      if (rejectsToken(status, headerOf(response, 'WWW-Authenticate'))) return true;
    }
    return this.alsoRejected !== undefined && this.alsoRejected(withoutCredentials(response));
  }

  canSendAgain(): boolean {
    return !isStream(this.config.data);
  }

  settle(response: AxiosResponse): AxiosResponse {
    withoutCredentials(response);
    if (this.failure !== undefined) throw this.failure;
    return response;
  }

  // The request is ended, too: a stream of axios may wait for its source before it lets go of it.
  async discard({ data, request }: AxiosResponse): Promise<void> {
    if (!isStream(data)) return;
    await discardStream(data);
    (request as { destroy?(): void } | undefined)?.destroy?.();
  }

  // A redirect may have led to where the token was not taken along, or where the proof is one for another URL: that answer
  // says nothing of the token.
  private isFromElsewhere({ request }: AxiosResponse): boolean {
    const answeredBy = (request as Partial<SentRequest> | undefined)?.res?.responseUrl;
    if (isElsewhere(answeredBy, this.origin)) return true;
    if (this.unproven === undefined || answeredBy === undefined) return false;
    return parseUrl(answeredBy)?.pathname !== parseUrl(this.url)?.pathname;
  }
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

// Kept as axios will make them next, so that they are read once.
function headerOf(response: AxiosResponse, name: string): string | undefined {
  const headers = AxiosHeaders.from(response.headers as AxiosHeaders);
  response.headers = headers;
  return headers.get(name)?.toString();
}

/** The signal of the request, whichever of axios' two ways it was given by, and what to do when it is no longer needed. */
function signalOf({ signal, cancelToken }: InternalAxiosRequestConfig): { signal?: AbortSignal; release?: () => void } {
  if (signal instanceof AbortSignal) return { signal };
  if (cancelToken === undefined) return {};
  const canceller = new AbortController();
  const cancel = (reason: unknown) => canceller.abort(reason);
  cancelToken.subscribe(cancel);
  return { signal: canceller.signal, release: () => cancelToken.unsubscribe(cancel) };
}

/** Takes the token off the request objects that a response or an error of axios holds; the same object is returned. */
function withoutCredentials<T extends { config?: InternalAxiosRequestConfig; request?: unknown; data?: unknown }>(
  holder: T,
): T {
  const { request, config } = holder;
  if (typeof request !== 'object' || request === null) return holder;
  // A stream goes on holding the request, and so do the errors that it may end with, and an agent its idle sockets.
  const isUpload = isStream(config?.data);
  if (isUpload) letGoOfRequest(config.data);
  if (isUpload || isStream(holder.data) || config?.httpAgent || config?.httpsAgent) redactRequest(request);
  holder.request = sentRequest(request);
  return holder;
}
