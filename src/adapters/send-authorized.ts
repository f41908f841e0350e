import type { AccessToken } from '../core/access-token.js';
import type { EventSink, RequestNotResent } from '../core/events.js';
import type { TokenRequest } from '../core/token-request.js';
import type { TokenSource } from '../core/token-source.js';
import { asksForNonce } from './challenge.js';
import type { DpopProofs, ProvenRequest } from './dpop-proof.js';
import type { LatestAnswer } from './latest-answer.js';

/** Which requests are sent again after a rejected token, or for a DPoP nonce: `'all'`, those with a safe method (RFC 9110 §9.2.1), or none. */
export type Replay = 'all' | 'safe' | 'never';

/** One request of one HTTP client, prepared to be sent more than once. */
export interface AuthorizedRequest<Reply> extends ProvenRequest {
  /** What the token is asked for. */
  readonly tokenRequest: TokenRequest | undefined;
  /** What ends the wait for a token. */
  readonly signal: AbortSignal | undefined;
  /** Sends the request with this token: `Authorization`, and `DPoP` when there is a proof. */
  send(token: AccessToken, proof?: string): Promise<Reply>;
  /** Takes the token and the proof off the request, however sending it has ended. */
  conceal(): void;
  /**
   * A field of the reply, several of that name joined by commas. `undefined` also when a redirect has led to another
   * origin: that one is not who was asked.
   */
  header(reply: Reply, name: string): string | undefined;
  /** The reply in an error that `send` rejected with, since a reply with an error status is a reply; throws what holds none. */
  replyIn(error: unknown): Reply;
  /** Whether the reply says that the token is of no more use. */
  isRejected(reply: Reply): boolean | Promise<boolean>;
  /** Whether the body can be read a second time. */
  canSendAgain(): boolean;
  /** What the caller gets for the last reply: it is returned, or what the HTTP client makes of it is thrown. */
  settle(reply: Reply): Reply | Promise<Reply>;
  /** Frees the connection of a reply that nobody will read. */
  discard(reply: Reply): void | Promise<void>;
}

/** How {@link sendAuthorized} goes about it: the same object for all requests of an adapter, so that none makes one. */
export interface SendOptions {
  readonly replay: Replay;
  readonly emit: EventSink;
  /** For tokens of type DPoP. */
  readonly proofs: DpopProofs;
  /** For a source that keeps its tokens. */
  readonly latest: LatestAnswer;
}

/**
 * Sends a request with a token. When the token is rejected, sends it once more with another one, and whatever comes back
 * then is the result. A DPoP nonce that is asked for on the way is one more send, at most, and no other token. Without a token
 * nothing is sent.
 * @param answer what the token source was asked for already
 * @throws {TokenError} what the token source throws
 */
export async function sendAuthorized<Reply>(
  tokens: TokenSource,
  authorized: AuthorizedRequest<Reply>,
  options: SendOptions,
  answer = tokenFor(tokens, authorized),
): Promise<Reply> {
  const { latest } = options;
  const token = latest.known(answer) ?? (await latest.wait(answer));
  const sendProven = token.type === 'DPoP' ? provenSender(authorized, options) : undefined;
  let reply: Reply;
  if (sendProven !== undefined) reply = await sendProven(token);
  else {
    // Not by a function that all attempts share: it costs an await, and each of those a hundredth of a request over loopback.
    try {
      reply = await authorized.send(token);
    } catch (error) {
      reply = authorized.replyIn(error);
    } finally {
      authorized.conceal();
    }
  }
  const isRejected = authorized.isRejected(reply);
  if (isRejected === false || !(await isRejected)) return authorized.settle(reply);

  return sendOnceMore(tokens, authorized, { token, reply }, options, sendProven);
}

/** Asks for the token of a request. Without a signal there is nothing more to say, and a cache answers that the fastest. */
export function tokenFor<Reply>(
  tokens: TokenSource,
  { tokenRequest, signal }: AuthorizedRequest<Reply>,
): Promise<AccessToken> {
  return tokens.getToken(tokenRequest, signal && { signal });
}

/** The second half of {@link sendAuthorized}: what follows a reply that rejects the token. */
export async function sendOnceMore<Reply>(
  tokens: TokenSource,
  authorized: AuthorizedRequest<Reply>,
  rejected: { readonly token: AccessToken; readonly reply: Reply },
  options: SendOptions,
  send = provenSender(authorized, options),
): Promise<Reply> {
  const other = await tokenToResend(tokens, authorized, rejected, options);
  return authorized.settle(other === undefined ? rejected.reply : await send(other));
}

/** Sends one request with the proofs that its tokens need; one nonce is fetched for all its sends (RFC 9449 §9). */
function provenSender<Reply>(
  authorized: AuthorizedRequest<Reply>,
  { replay, emit, proofs }: SendOptions,
): (token: AccessToken) => Promise<Reply> {
  const { method, origin } = authorized;
  let mayFetchNonce = true;
  let nonce: string | undefined;

  async function send(token: AccessToken): Promise<Reply> {
    const proof = token.type === 'DPoP' ? await proofs.prove(token, authorized) : undefined;
    let reply: Reply;
    try {
      reply = await authorized.send(token, proof);
    } catch (error) {
      reply = authorized.replyIn(error);
    } finally {
      authorized.conceal();
    }
    nonce = proof === undefined ? undefined : authorized.header(reply, 'DPoP-Nonce');
    proofs.remember(origin, nonce);
    return reply;
  }

  return async (token) => {
    const reply = await send(token);
    if (!nonce || !mayFetchNonce || !asksForNonce(authorized.header(reply, 'WWW-Authenticate'))) return reply;
    mayFetchNonce = false;
    if (!isReplayable(authorized, replay)) {
      emit({ type: 'request.not_resent', method, origin, reason: obstacle(authorized) });
      return reply;
    }
    await authorized.discard(reply);
    return send(token);
  };
}

/** The token to send the request again with, or `undefined` when the reply stands; the reply is discarded in the first case. */
async function tokenToResend<Reply>(
  tokens: TokenSource,
  authorized: AuthorizedRequest<Reply>,
  { token, reply }: { readonly token: AccessToken; readonly reply: Reply },
  { replay, emit }: SendOptions,
): Promise<AccessToken | undefined> {
  const { method, origin, tokenRequest, signal } = authorized;
  const stay = (reason: RequestNotResent['reason']): undefined => {
    emit({ type: 'request.not_resent', method, origin, reason });
  };

  const replacement = tokens.getToken(tokenRequest, { signal, replacing: token });
  if (!isReplayable(authorized, replay)) {
    // Waited for all the same: the next request needs another token. That there is none is not this request's affair.
    await replacement.catch(() => undefined);
    return stay(obstacle(authorized));
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

const obstacle = <Reply>(authorized: AuthorizedRequest<Reply>): RequestNotResent['reason'] =>
  authorized.canSendAgain() ? 'replay option' : 'body cannot be sent twice';

function isReplayable<Reply>(authorized: AuthorizedRequest<Reply>, replay: Replay): boolean {
  const isPermitted = replay === 'all' || (replay === 'safe' && safeMethods.has(authorized.method.toUpperCase()));
  return isPermitted && authorized.canSendAgain();
}
