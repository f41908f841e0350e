import {
  type AxiosAdapter,
  type AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios';

import type { AccessToken } from '../../core/access-token.js';
import { parseUrl } from '../../core/secure-url.js';
import type { TokenRequest } from '../../core/token-request.js';
import { discardStream, isStream, letGoOfRequest } from '../body.js';
import { rejectsToken } from '../challenge.js';
import { isCrossOrigin } from '../origins.js';
import type { AuthorizedRequest } from '../send-authorized.js';
import { axiosUrl } from './axios-origins.js';
import { redactRequest, sentRequest, type SentRequest } from './redact-request.js';

/** What tells of further replies that reject the token. */
export type IsRejected = (response: AxiosResponse) => boolean;

/** One request of axios and what came of it. A class, so that a request makes one object here and no closures. */
export class AxiosExchange implements AuthorizedRequest<AxiosResponse> {
  private readonly adapter: AxiosAdapter;
  private readonly config: InternalAxiosRequestConfig;
  private readonly alsoRejected: IsRejected | undefined;
  private readonly timeout: number | undefined;
  readonly origin: string;
  readonly tokenRequest: TokenRequest | undefined;
  readonly signal: AbortSignal | undefined;
  private failure: AxiosError | undefined = undefined;
  /** What the options were before there was a proof to look after. */
  private unproven: { sensitiveHeaders: string[] | undefined; maxRedirects: number | undefined } | undefined =
    undefined;

  constructor(
    adapter: AxiosAdapter,
    config: InternalAxiosRequestConfig,
    origin: string,
    isRejected: IsRejected | undefined,
    tokenRequest: TokenRequest | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.adapter = adapter;
    this.config = config;
    this.timeout = config.timeout;
    this.origin = origin;
    this.alsoRejected = isRejected;
    this.tokenRequest = tokenRequest;
    this.signal = signal;
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
    // The last one first: V8 makes a slow object of one that loses another property than its last.
    if (this.unproven !== undefined) {
      delete this.config.headers['DPoP'];
      Object.assign(this.config, this.unproven);
    }
    delete this.config.headers['Authorization'];
    if (this.timeout) this.config.timeout = this.timeout;
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
    if (isCrossOrigin(answeredBy, this.origin)) return true;
    if (this.unproven === undefined || answeredBy === undefined) return false;
    return parseUrl(answeredBy)?.pathname !== parseUrl(this.url)?.pathname;
  }
}

// Kept as axios will make them next, so that they are read once.
function headerOf(response: AxiosResponse, name: string): string | undefined {
  const headers = AxiosHeaders.from(response.headers as AxiosHeaders);
  response.headers = headers;
  return headers.get(name)?.toString();
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
