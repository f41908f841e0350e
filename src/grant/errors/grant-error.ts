import {
  causesOf,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  type TokenError,
} from '../../core/errors.js';
import { parseUrl } from '../../core/secure-url.js';
import { type Reply, withoutQuery } from '../http/bounded-fetch.js';
import { retryAfterMs } from '../http/retry-after.js';
import { isTransient, readRefusal, type Refusal } from './error-response.js';
import { findTokenError, networkError } from './network-error.js';
import { withoutSecrets } from './redaction.js';

/** Who was asked by whom, for the messages. */
export interface GrantContext {
  /** The issuer, or the token endpoint where no issuer is configured. */
  readonly authorizationServer: string;
  readonly clientId: string;
  readonly requestedScope?: string | undefined;
  /** What must not be repeated, should the authorization server do so. */
  readonly secrets?: readonly string[];
  /** Why right credentials might be refused all the same. */
  readonly hint?: string | undefined;
  /** Whether the request carried a proof of possession (RFC 9449 §5). */
  readonly usesDpop?: boolean | undefined;
  /** What it answered, if it did. */
  readonly reply?: Reply | undefined;
  /** Wall-clock time, in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Turns what openid-client or fetch threw during a grant into a {@link TokenError}. What counts is the answer of the
 * authorization server; nothing of its body is kept but the cleaned OAuth members (RFC 6749 §5.2).
 */
export function translateError(error: unknown, context: GrantContext): TokenError {
  const { reply } = context;
  const ours = findTokenError(error);
  if (ours !== undefined) return ours;
  if (reply === undefined) return networkError(error, context.authorizationServer, context.secrets);
  if (reply.status >= 300 && reply.status < 400) return redirected(reply, context);

  const refusal = readRefusal(reply, context.secrets);
  if (isTransient(reply.status, refusal.error)) return unavailable(reply, refusal, context);
  if (reply.status >= 400 || refusal.error !== undefined) return rejected(reply, refusal, context);
  return new InvalidTokenResponseError(
    `${context.authorizationServer} answered the grant with ${reply.status}, but ${flaw(error)}`,
  );
}

function unavailable({ status, headers }: Reply, refusal: Refusal, context: GrantContext): GrantUnavailableError {
  const what = status === 429 ? 'rate limited this client' : 'is not available';
  return new GrantUnavailableError(`${context.authorizationServer} ${what}${detail(refusal, status)}`, {
    status,
    retryAfterMs: retryAfterMs(headers.get('retry-after'), context.now),
  });
}

function rejected({ status }: Reply, refusal: Refusal, context: GrantContext): GrantRejectedError {
  const { authorizationServer, clientId, requestedScope, hint, usesDpop = false } = context;
  const advice = [
    adviceFor(refusal.error, status, requestedScope),
    ['invalid_client', undefined].includes(refusal.error) ? hint : undefined,
    dpopAdvice(refusal.error, status, usesDpop),
  ];
  return new GrantRejectedError(
    `${authorizationServer} refused a token to client "${clientId}"${detail(refusal, status)}: ${advice.filter(Boolean).join('; ')}`,
    { status, ...refusal },
  );
}

function redirected({ status, url, headers }: Reply, { authorizationServer, secrets = [] }: GrantContext): TokenError {
  const location = headers.get('location');
  const target = location === null ? undefined : parseUrl(location, url);
  const where = target === undefined ? 'without a target' : `to ${withoutSecretPath(target, secrets)}`;
  return new GrantRejectedError(
    `${authorizationServer} redirected the token request ${where} (HTTP ${status}); ` +
      'credentials do not follow redirects: configure the URL of the token endpoint itself',
    { status },
  );
}

// A URL encodes in ways of its own: what a path says is looked at when it is decoded.
function withoutSecretPath(url: URL, secrets: readonly string[]): string {
  try {
    const path = decodeURIComponent(url.pathname);
    return withoutSecrets(path, secrets) === path ? withoutSecrets(withoutQuery(url), secrets) : url.origin;
  } catch {
    return url.origin;
  }
}

const detail = ({ error, errorDescription }: Refusal, status: number): string =>
  ` (${[error, errorDescription && `"${errorDescription}"`, `HTTP ${status}`].filter(Boolean).join(', ')})`;

// Servers report trouble with a proof in other ways, too: as invalid_grant, or with a 403 of a gateway.
function dpopAdvice(error: string | undefined, status: number, usesDpop: boolean): string | undefined {
  const isCertain = error === 'invalid_dpop_proof' || error === 'use_dpop_nonce';
  if (isCertain && !usesDpop) return 'this client must use DPoP: set "dpop"';
  if (!isCertain && !(usesDpop && (error === 'invalid_grant' || status === 403))) return undefined;
  return `the DPoP proof ${isCertain ? 'was' : 'may have been'} refused: check the clock of this machine, the URL of the token endpoint, and whether the server takes the algorithm of the keys`;
}

function adviceFor(error: string | undefined, status: number, scope: string | undefined): string | undefined {
  if (status === 407) return 'a proxy asks for credentials; give them to the "fetch" that this service uses';
  switch (error) {
    case 'invalid_client':
      return 'check the client id and the secret, and which client authentication method is registered for this client';
    case 'unauthorized_client':
    case 'unsupported_grant_type':
      return 'the client credentials grant must be enabled for this client';
    case 'invalid_scope':
      return scope === undefined
        ? 'this client must ask for a scope: set "scope"'
        : `the scope "${scope}" is unknown or not allowed for this client`;
    case 'invalid_target':
      return 'check "resource" and "audience": this client may not have a token for them';
    case 'invalid_dpop_proof':
    case 'use_dpop_nonce':
      return undefined;
    default:
      return error === undefined && status >= 400
        ? 'check that this is the token endpoint, and the client id and secret'
        : 'check "scope", "resource", "audience" and "parameters" against what this authorization server expects';
  }
}

function flaw(error: unknown): string {
  const isUnknownType = causesOf(error).some(({ code }) => code === 'OAUTH_UNSUPPORTED_OPERATION');
  return isUnknownType
    ? 'its "token_type" is none that this library can present'
    : 'its body is no token response (RFC 6749 §5.1)';
}
