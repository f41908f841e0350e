import type { AccessToken } from '../access-token.js';
import { rejectsToken } from './challenge.js';
import { type FetchRequest, withHeaders } from './fetch-request.js';
import { isElsewhere } from './origins.js';
import type { AuthorizedRequest } from './send-authorized.js';
import { cancelBody } from './stream-body.js';

/** What tells of further replies that reject the token. */
export type IsRejected = (response: Response) => boolean | Promise<boolean>;

/** One request of `fetch`, which follows no redirect. The token is in the arguments of `fetch` and nowhere else. */
export class FetchExchange implements AuthorizedRequest<Response> {
  private readonly fetch: typeof globalThis.fetch;
  private readonly request: FetchRequest;
  private readonly alsoRejected: IsRejected | undefined;
  readonly origin: string;
  private isTokenRejected = false;

  constructor(fetch: typeof globalThis.fetch, request: FetchRequest, origin: string, isRejected?: IsRejected) {
    this.fetch = fetch;
    this.request = request;
    this.origin = origin;
    this.alsoRejected = isRejected;
  }

  get method(): string {
    return this.request.init.method ?? 'GET';
  }

  get url(): string {
    return this.request.url;
  }

  async send({ authorization }: AccessToken, proof?: string): Promise<Response> {
    const { fetch, request, alsoRejected } = this;
    const credentials = proof === undefined ? { authorization } : { authorization, dpop: proof };
    const { init, input } = request;
    const redirect = init.redirect === 'error' ? 'error' : 'manual';
    const reply = await fetch(input, Object.assign({}, init, { redirect, headers: withHeaders(init, credentials) }));
    this.isTokenRejected = this.isUnauthorized(reply) || ((await alsoRejected?.(reply)) ?? false);
    return reply;
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

  isRejected(): boolean {
    return this.isTokenRejected;
  }

  canSendAgain(): boolean {
    return this.request.canBodyBeReadAgain;
  }

  settle(reply: Response): Response {
    return reply;
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
