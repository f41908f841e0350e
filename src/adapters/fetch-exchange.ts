import type { AccessToken } from '../access-token.js';
import { rejectsToken } from './challenge.js';
import { redirectOf } from './fetch-redirect.js';
import { type FetchRequest, withHeaders } from './fetch-request.js';
import { isElsewhere } from './origins.js';
import type { AuthorizedRequest } from './send-authorized.js';
import { cancelBody } from './stream-body.js';

/** What tells of further replies that reject the token. */
export type IsRejected = (response: Response) => boolean | Promise<boolean>;

/** What a {@link FetchExchange} sends, by what, and what comes after it. */
export interface FetchExchangeOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly request: FetchRequest;
  readonly origin: string;
  readonly isRejected: IsRejected | undefined;
  /** Sends the request that follows a redirect to `location`, and whatever comes after that. */
  readonly follow: (reply: Response, location: string) => Promise<Response>;
}

/** One request of `fetch`, which follows no redirect. The token is in the arguments of `fetch` and nowhere else. */
export class FetchExchange implements AuthorizedRequest<Response> {
  private readonly options: FetchExchangeOptions;

  constructor(options: FetchExchangeOptions) {
    this.options = options;
  }

  get method(): string {
    return this.options.request.init.method ?? 'GET';
  }

  get origin(): string {
    return this.options.origin;
  }

  get url(): string {
    return this.options.request.url;
  }

  send({ authorization }: AccessToken, proof?: string): Promise<Response> {
    const { fetch, request } = this.options;
    const credentials = proof === undefined ? { authorization } : { authorization, dpop: proof };
    const { init, input } = request;
    const next: RequestInit = Object.assign({}, init);
    next.headers = withHeaders(init, credentials);
    next.redirect = init.redirect === 'error' ? 'error' : 'manual';
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

  isRejected(reply: Response): boolean | Promise<boolean> {
    return this.isUnauthorized(reply) || (this.options.isRejected?.(reply) ?? false);
  }

  canSendAgain(): boolean {
    return this.options.request.canBodyBeReadAgain;
  }

  // Here, and not by whoever waits for the reply, who would wait longer for each.
  settle(reply: Response): Response | Promise<Response> {
    const { request, follow } = this.options;
    const { redirect = 'follow' } = request.init;
    const location = redirect === 'follow' ? redirectOf(reply) : undefined;
    return location === undefined ? reply : follow(reply, location);
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
    return isElsewhere(url || undefined, this.origin);
  }
}
