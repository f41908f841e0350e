import {
  causesOf,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  type TokenError,
} from '../../core/errors.js';
import { parseUrl } from '../../core/secure-url.js';
import { type BoundedResponse, withoutQuery } from '../http/bounded-fetch.js';
import { retryAfterMs } from '../http/retry-after.js';
import { type ErrorResponse, isTransient, readErrorResponse } from './error-response.js';
import { findTokenError, networkError } from './network-error.js';
import { withoutSecrets } from './redaction.js';

/** What is known about a failed grant. */
export interface GrantContext {
  /** The issuer, or the token endpoint if no issuer is configured. */
  readonly authorizationServer: string;
  readonly clientId: string;
  readonly requestedScope?: string | undefined;
  /** Texts that must not appear in the message, even if the authorization server repeats them. */
  readonly secrets?: readonly string[] | undefined;
  /** Why correct credentials may be rejected. */
  readonly hint?: string | undefined;
  /** Whether the request carried a DPoP proof (RFC 9449 §5). */
  readonly usesDpop?: boolean | undefined;
  /** The response, if there was one. */
  readonly response?: BoundedResponse | undefined;
  /** Wall-clock time, in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Turns an error of openid-client or of `fetch` during a grant into a {@link TokenError}. The response decides; of its body,
 * only the redacted members of an error response are kept (RFC 6749 §5.2).
 */
export function grantError(error: unknown, context: GrantContext): TokenError {
  const { response } = context;
  const ours = findTokenError(error);
  if (ours !== undefined) return ours;
  if (response === undefined) return networkError(error, context.authorizationServer, context.secrets);
  if (response.status >= 300 && response.status < 400) return redirected(response, context);

  const found = readErrorResponse(response, context.secrets);
  if (isTransient(response.status, found.error)) return unavailable(response, found, context);
  if (response.status >= 400 || found.error !== undefined) return rejected(response, found, context);
  return new InvalidTokenResponseError(
    `${context.authorizationServer} answered the grant with ${response.status}, but ${flaw(error)}`,
  );
}

function unavailable({ status, headers }: BoundedResponse, found: ErrorResponse, context: GrantContext): TokenError {
  const what = status === 429 ? 'rate limited this client' : 'is not available';
  return new GrantUnavailableError(`${context.authorizationServer} ${what} ${detail(found, status)}`, {
    status,
    retryAfterMs: retryAfterMs(headers, context.now),
  });
}

function rejected({ status }: BoundedResponse, found: ErrorResponse, context: GrantContext): TokenError {
  const { authorizationServer, clientId, requestedScope, hint, usesDpop = false } = context;
  const advice = [
    adviceFor(found.error, status, requestedScope),
    ['invalid_client', undefined].includes(found.error) ? hint : undefined,
    dpopAdvice(found.error, status, usesDpop),
  ];
  return new GrantRejectedError(
    `${authorizationServer} refused a token to client "${clientId}" ${detail(found, status)}: ${advice.filter(Boolean).join('; ')}`,
    { status, ...found },
  );
}

function redirected({ status, url, headers }: BoundedResponse, context: GrantContext): TokenError {
  const location = headers.get('location');
  const target = location === null ? undefined : parseUrl(location, url);
  const where = target === undefined ? 'without a target' : `to ${withoutSecretPath(target, context.secrets ?? [])}`;
  return new GrantRejectedError(
    `${context.authorizationServer} redirected the token request ${where} (HTTP ${status}); ` +
      'credentials do not follow redirects: configure the URL of the token endpoint itself',
    { status },
  );
}

// URLs have encodings of their own, so the path is decoded before it is searched for secrets.
function withoutSecretPath(url: URL, secrets: readonly string[]): string {
  try {
    const path = decodeURIComponent(url.pathname);
    return withoutSecrets(path, secrets) === path ? withoutSecrets(withoutQuery(url), secrets) : url.origin;
  } catch {
    return url.origin;
  }
}

const detail = ({ error, errorDescription }: ErrorResponse, status: number): string =>
  `(${[error, errorDescription && `"${errorDescription}"`, `HTTP ${status}`].filter(Boolean).join(', ')})`;

// Some servers report a rejected proof as invalid_grant, and some gateways with a 403.
function dpopAdvice(error: string | undefined, status: number, usesDpop: boolean): string | undefined {
  const isCertain = error === 'invalid_dpop_proof' || error === 'use_dpop_nonce';
  if (isCertain && !usesDpop) return 'this client must use DPoP: set "dpop"';
  if (!isCertain && !(usesDpop && (error === 'invalid_grant' || status === 403))) return undefined;
  return (
    `the DPoP proof ${isCertain ? 'was' : 'may have been'} refused: check the clock of this machine, the URL of the token ` +
    'endpoint, and whether the server accepts the algorithm of the keys'
  );
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
  return isUnknownType ? 'its "token_type" is not supported' : 'its body is no token response (RFC 6749 §5.1)';
}
