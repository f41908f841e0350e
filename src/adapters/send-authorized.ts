import type { AccessToken } from '../core/access-token.js';
import { asksForNonce } from '../core/challenges.js';
import type { DpopProofs } from '../core/dpop-proof.js';
import type { EventSink, NotResentReason } from '../core/events.js';
import { parseUrl } from '../core/secure-url.js';
import type { TokenRequest } from '../core/token-request.js';
import type { GuardedTokenSource } from '../core/token-source.js';
import { rejectsToken } from './challenge.js';

/** Which requests are resent after a rejected token or for a DPoP nonce: all, those with a safe method (RFC 9110 §9.2.1), or none. */
export type Resend = 'all' | 'safe' | 'never';

/** One request of one HTTP client, which can be sent more than once. */
export interface AuthorizedRequest<Response> {
  readonly method: string;
  readonly origin: string;
  /** The absolute URL. */
  url(): string;
  readonly tokenRequest: TokenRequest | undefined;
  /** Ends the wait for a token. */
  readonly signal: AbortSignal | undefined;
  /**
   * Sends the request with `Authorization`, and with `DPoP` if there is a proof. Also resolves for an error status.
   * Afterwards no object that the caller can access holds the token or the proof.
   */
  send(token: AccessToken, proof?: string): Promise<Response>;
  status(response: Response): number;
  /** A header of the response. Several headers of that name are joined by commas. */
  header(response: Response, name: string): string | undefined;
  /** The URL of the response after redirects, if the HTTP client provides it. */
  responseUrl(response: Response): string | undefined;
  /** Whether the HTTP client followed a redirect before this response. */
  wasRedirected(response: Response): boolean;
  /** The result of the adapter option `isRejected`. */
  isRejected(response: Response): boolean | Promise<boolean>;
  /** Whether the body can be read once more. */
  isResendable(): boolean;
  /** Frees the connection of a response that is not delivered. */
  discard(response: Response): void;
}

/** The options that all requests of one adapter share. */
export interface SendOptions {
  readonly resend: Resend;
  readonly emit: EventSink;
  readonly proofs: DpopProofs;
  readonly source: GuardedTokenSource;
}

/**
 * Sends a request with a token. If the response rejects the token, replaces the token and resends the request once; the second
 * response is the result. A response that asks for a DPoP nonce costs at most one more send. Without a token, nothing is sent.
 * @throws {TokenError} if the token source throws it, or the remote signer of a DPoP token fails
 */
export async function sendAuthorized<Response>(
  request: AuthorizedRequest<Response>,
  options: SendOptions,
): Promise<Response> {
  const { method, origin, tokenRequest, signal } = request;
  signal?.throwIfAborted();
  if (tokenRequest !== undefined) options.source.checkRequest(tokenRequest);
  const send = sender(request, options);
  const found = await options.source.tokens.getToken(tokenRequest, signal && { signal });
  const token = options.source.sendable(found, origin);
  signal?.throwIfAborted(); // A token source of the user may ignore the signal.
  const response = await send(token);
  let other: AccessToken | undefined;
  try {
    const rejects = isRejected(request, response, token);
    // Usually a boolean, which does not need `await`.
    if (rejects === false || !(await rejects)) return reported(request, response, options, 'token not rejected');
    other = await replacement(request, response, token, options);
    if (other === undefined) return response;
    signal?.throwIfAborted();
  } catch (error) {
    request.discard(response);
    throw error;
  }
  request.discard(response);
  options.emit({ type: 'request.resent', method, origin, reason: 'token rejected' });
  return reported(request, await send(other), options, 'resent already');
}

/** Returns the response. If it is a 401, emits why it is final; for a 401 that asks for a nonce, `sender` does this. */
function reported<Response>(
  request: AuthorizedRequest<Response>,
  response: Response,
  { emit }: SendOptions,
  reason: NotResentReason,
): Response {
  const isUnreported = request.status(response) === 401 && !asksForNonce(request.header(response, 'WWW-Authenticate'));
  if (isUnreported) emit({ type: 'request.not_resent', method: request.method, origin: request.origin, reason });
  return response;
}

/** Sends one request with the proofs that its tokens need. Fetches at most one nonce for all tokens (RFC 9449 §9). */
function sender<Response>(
  request: AuthorizedRequest<Response>,
  { resend, emit, proofs }: SendOptions,
): (token: AccessToken) => Promise<Response> {
  let mayFetchNonce = true;
  async function sendWithProof(token: AccessToken): Promise<Response> {
    const { method, origin, signal } = request;
    const proof = await proofs.prove(token, { method, origin, url: request.url(), signal });
    const response = await request.send(token, proof);
    if (!hasSeenCredentials(request, response, token)) return response;
    const nonce = request.header(response, 'DPoP-Nonce');
    proofs.remember(origin, nonce);
    if (!nonce || !mayFetchNonce || !asksForNonce(request.header(response, 'WWW-Authenticate'))) return response;

    mayFetchNonce = false;
    const reason = reasonNotToResend(request, response, resend);
    if (reason !== undefined) {
      emit({ type: 'request.not_resent', method, origin, reason });
      return response;
    }
    request.discard(response);
    emit({ type: 'request.resent', method, origin, reason: 'dpop nonce' });
    return sendWithProof(token);
  }

  return (token) => (token.type === 'DPoP' ? sendWithProof(token) : request.send(token));
}

/** Whether a response rejects its token, for all adapters. */
function isRejected<Response>(
  request: AuthorizedRequest<Response>,
  response: Response,
  token: AccessToken,
): boolean | Promise<boolean> {
  const status = request.status(response);
  const isChallenged = status >= 300 && rejectsToken(status, request.header(response, 'WWW-Authenticate'));
  return (isChallenged && hasSeenCredentials(request, response, token)) || request.isRejected(response);
}

/** Whether the responding server got the token and a proof for its URL. A redirect may change the server or path. */
function hasSeenCredentials<Response>(
  request: AuthorizedRequest<Response>,
  response: Response,
  { type }: AccessToken,
): boolean {
  const url = request.responseUrl(response);
  if (url === undefined) return true;
  const from = parseUrl(url);
  if (from?.origin !== request.origin) return false;
  return type === 'Bearer' || from.pathname === parseUrl(request.url())?.pathname;
}

/** The token to resend the request with; `undefined` if the response is the result. */
async function replacement<Response>(
  request: AuthorizedRequest<Response>,
  response: Response,
  replacing: AccessToken,
  { resend, emit, source }: SendOptions,
): Promise<AccessToken | undefined> {
  const { method, origin, tokenRequest, signal } = request;
  let reason = reasonNotToResend(request, response, resend);
  if (reason !== undefined) source.renew(tokenRequest, replacing);
  else {
    const other = source.sendable(await source.tokens.getToken(tokenRequest, { signal, replacing }), origin);
    if (other.value !== replacing.value) return other;
    reason = 'same token';
  }
  emit({ type: 'request.not_resent', method, origin, reason });
  return undefined;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

function reasonNotToResend<Response>(
  request: AuthorizedRequest<Response>,
  response: Response,
  resend: Resend,
): NotResentReason | undefined {
  if (!request.isResendable()) return 'body cannot be sent twice';
  if (safeMethods.has(request.method.toUpperCase())) return resend === 'never' ? 'resend option' : undefined;
  // The server that redirected the request may have carried it out.
  if (request.wasRedirected(response)) return 'redirected';
  return resend === 'all' ? undefined : 'resend option';
}
