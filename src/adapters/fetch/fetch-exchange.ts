import type { AccessToken } from '../../core/access-token.js';
import type { TokenRequest } from '../../core/token-request.js';
import { cancelBody } from '../body.js';
import { rejectsToken } from '../challenge.js';
import { isCrossOrigin } from '../origins.js';
import type { AuthorizedRequest } from '../send-authorized.js';
import { type FetchRequest, headersWith } from './fetch-request.js';
import { redirectOf } from './redirect.js';

/** What tells of further replies that reject the token. */
export type IsRejected = (response: Response) => boolean | Promise<boolean>;

/** What all requests of one adapter have in common. */
export interface FetchClient {
  readonly fetch: typeof globalThis.fetch;
  readonly isRejected: IsRejected | undefined;
  /** What the token is asked for where a request does not say it. */
  readonly requestOf: (url: string, init: RequestInit) => TokenRequest | undefined;
  /** Sends the request that follows a redirect to `location`, and whatever comes after that. */
  follow(redirected: FetchExchange, reply: Response, location: string): Promise<Response>;
}

/** One request of `fetch`, which follows no redirect. The token is in the arguments of `fetch` and nowhere else. */
export class FetchExchange implements AuthorizedRequest<Response> {
  private readonly client: FetchClient;
  readonly request: FetchRequest;
  readonly origin: string;
  /** What the token is to be asked for, if that was said of this request. */
  readonly token: TokenRequest | undefined;
  /** How many redirects have led here. */
  readonly redirects: number;
  readonly tokenRequest: TokenRequest | undefined;

  constructor(
    client: FetchClient,
    request: FetchRequest,
    origin: string,
    token: TokenRequest | undefined,
    redirects: number,
  ) {
    this.client = client;
    this.request = request;
    this.origin = origin;
    this.token = token;
    this.redirects = redirects;
    this.tokenRequest = token ?? client.requestOf(request.url, request.init);
  }

  get signal(): AbortSignal | undefined {
    return this.request.init.signal ?? undefined;
  }

  get method(): string {
    return this.request.init.method ?? 'GET';
  }

  get url(): string {
    return this.request.url;
  }

  send({ authorization }: AccessToken, proof?: string): Promise<Response> {
    const { fetch } = this.client;
    const { init, input } = this.request;
    const next: RequestInit = { redirect: 'manual', ...init };
    next.headers = headersWith(init, authorization, proof);
    if (init.redirect !== 'error') next.redirect = 'manual';
    return fetch(input, next);
  }

  conceal(): void {
    // Nothing of the caller's was changed.
  }

  header(reply: Response, name: string): string | undefined {
    return this.isFromElsewhere(reply) ? undefined : (reply.headers.get(name) ?? undefined);
  }

  replyIn(error: unknown): Response {
    throw error;
  }

  /** Whether the reply is the result, as its status tells: neither does it reject the token, nor redirect. */
  isPlain(reply: Response): boolean {
    return reply.status < 300 && this.client.isRejected === undefined;
  }

  isRejected(reply: Response): boolean | Promise<boolean> {
    return this.isUnauthorized(reply) || (this.client.isRejected?.(reply) ?? false);
  }

  canSendAgain(): boolean {
    return this.request.canBodyBeReadAgain;
  }

  // Here, and not by whoever waits for the reply, who would wait longer for each.
  settle(reply: Response): Response | Promise<Response> {
    const { redirect = 'follow' } = this.request.init;
    const location = redirect === 'follow' ? redirectOf(reply) : undefined;
    return location === undefined ? reply : this.client.follow(this, reply, location);
  }

  discard({ body }: Response): void {
    cancelBody(body);
  }

  private isUnauthorized(reply: Response): boolean {
    if (reply.status !== 401 || this.isFromElsewhere(reply)) return false;
    return rejectsToken(401, this.header(reply, 'www-authenticate'));
  }

  // A fetch of the caller's own may follow redirects whatever it is told.
  private isFromElsewhere({ url }: Response): boolean {
    return isCrossOrigin(url || undefined, this.origin);
  }
}
