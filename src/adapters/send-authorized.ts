import type { AccessToken } from '../access-token.js';
import type { EventSink, RequestNotResent } from '../events.js';
import type { TokenRequest } from '../token-request.js';
import type { TokenSource } from '../token-source.js';

/** Which requests are sent again after a rejected token: `'all'`, those with a safe method (RFC 9110 §9.2.1), or none. */
export type Replay = 'all' | 'safe' | 'never';

/** One request of one HTTP client, prepared to be sent once or twice. */
export interface AuthorizedRequest<Reply> {
  readonly method: string;
  readonly origin: string;
  /** Absolute: where the request goes, with its query. */
  readonly url: string;
  /** Sends the request with this token, and with `proof` as its `DPoP` header when there is one. */
  send(token: AccessToken, proof?: string): Promise<Reply>;
  /** Takes token and proof off the request, however sending it has ended. */
  conceal(): void;
  /** A header of the reply, several fields of that name joined by commas; `undefined` when it has none. */
  header(reply: Reply, name: string): string | undefined;
  /** The reply in an error that `send` rejected with, since a reply with an error status is a reply; throws what holds none. */
  replyIn(error: unknown): Reply;
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
  const token = await tokens.getToken(request, signal && { signal });
  // Not by a function that both attempts share: an await more is what this costs a request that meets no trouble.
  let reply: Reply;
  try {
    reply = await authorized.send(token);
  } catch (error) {
    reply = authorized.replyIn(error);
  } finally {
    authorized.conceal();
  }
  if (!authorized.isRejected(reply)) return authorized.settle(reply);

  const other = await tokenToResend(tokens, authorized, { token, reply }, { request, signal, replay, emit });
  if (other === undefined) return authorized.settle(reply);
  try {
    reply = await authorized.send(other);
  } catch (error) {
    reply = authorized.replyIn(error);
  } finally {
    authorized.conceal();
  }
  return authorized.settle(reply);
}

/** The token to send the request again with, or `undefined` when the reply stands; the reply is discarded in the first case. */
async function tokenToResend<Reply>(
  tokens: TokenSource,
  authorized: AuthorizedRequest<Reply>,
  { token, reply }: { readonly token: AccessToken; readonly reply: Reply },
  { request, signal, replay, emit }: SendOptions,
): Promise<AccessToken | undefined> {
  const { method, origin } = authorized;
  const stay = (reason: RequestNotResent['reason']): undefined => {
    emit({ type: 'request.not_resent', method, origin, reason });
  };

  const replacement = tokens.getToken(request, { signal, replacing: token });
  if (!isReplayable(authorized, replay)) {
    // Waited for all the same: the next request needs another token. That there is none is not this request's affair.
    await replacement.catch(() => undefined);
    return stay(authorized.canSendAgain() ? 'replay option' : 'body cannot be sent twice');
  }
  const other = await replacement.catch(async (error: unknown) => {
    await authorized.discard(reply);
    throw error;
  });
  if (other.value === token.value) return stay('same token');
  await authorized.discard(reply);
  emit({ type: 'request.resent', method, origin });
  return other;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

function isReplayable<Reply>(authorized: AuthorizedRequest<Reply>, replay: Replay): boolean {
  const isPermitted = replay === 'all' || (replay === 'safe' && safeMethods.has(authorized.method.toUpperCase()));
  return isPermitted && authorized.canSendAgain();
}
