import type { AccessToken } from '../access-token.js';
import type { EventSink } from '../events.js';
import type { TokenRequest } from '../token-request.js';
import type { GetTokenOptions, TokenSource } from '../token-source.js';

/** Which requests are sent again after a rejected token: `'all'`, those with a safe method (RFC 9110 §9.2.1), or none. */
export type Replay = 'all' | 'safe' | 'never';

/** One request of one HTTP client, prepared to be sent once or twice. */
export interface AuthorizedRequest<Reply> {
  readonly method: string;
  readonly origin: string;
  /** Sends the request with this token; a reply with an error status is a reply. */
  send(token: AccessToken): Promise<Reply>;
  /** Whether the reply says that the token is of no more use. */
  isRejected(reply: Reply): boolean;
  /** Whether the body can be read a second time. */
  canSendAgain(): boolean;
  /** What the caller gets for the last reply: it is returned, or what the HTTP client makes of it is thrown. */
  settle(reply: Reply): Reply;
  /** Frees the connection of a reply that nobody will read. */
  discard(reply: Reply): void | Promise<void>;
}

/** How {@link sendAuthorized} goes about it. */
export interface SendOptions {
  readonly request?: TokenRequest | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly replay: Replay;
  readonly emit: EventSink;
}

/**
 * Sends a request with a token. When the token is rejected, sends it once more with another one, and whatever comes back
 * then is the result. Without a token nothing is sent.
 * @throws {TokenError} what the token source throws
 */
export async function sendAuthorized<Reply>(
  tokens: TokenSource,
  authorized: AuthorizedRequest<Reply>,
  { request, signal, replay, emit }: SendOptions,
): Promise<Reply> {
  const options: GetTokenOptions | undefined = signal && { signal };
  const token = await tokens.getToken(request, options);
  const reply = await authorized.send(token);
  if (!authorized.isRejected(reply)) return authorized.settle(reply);

  const { method, origin } = authorized;
  const replacement = tokens.getToken(request, { ...options, replacing: token });
  if (!isReplayable(authorized, replay)) {
    // Waited for all the same: the next request needs another token. That there is none is not this request's affair.
    await replacement.catch(() => undefined);
    const reason = authorized.canSendAgain() ? 'replay option' : 'body cannot be sent twice';
    emit({ type: 'request.not_resent', method, origin, reason });
    return authorized.settle(reply);
  }
  const other = await replacement.catch(async (error: unknown) => {
    await authorized.discard(reply);
    throw error;
  });
  if (other.value === token.value) {
    emit({ type: 'request.not_resent', method, origin, reason: 'same token' });
    return authorized.settle(reply);
  }
  await authorized.discard(reply);
  emit({ type: 'request.resent', method, origin });
  return authorized.settle(await authorized.send(other));
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

function isReplayable<Reply>(authorized: AuthorizedRequest<Reply>, replay: Replay): boolean {
  const isPermitted = replay === 'all' || (replay === 'safe' && safeMethods.has(authorized.method.toUpperCase()));
  return isPermitted && authorized.canSendAgain();
}
