import { cleanText, cleanUrl } from '../../core/clean-text.js';
import { causesOf } from '../../core/error-causes.js';
import {
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  type AnyTokenError,
} from '../../core/errors.js';
import { retryAfterMs } from '../../core/retry-after.js';
import { parseUrl } from '../../core/secure-url.js';
import type { BoundedResponse } from '../http/bounded-fetch.js';
import { adviceFor } from './advice.js';
import { type ErrorResponse, isTransient, readErrorResponse } from './error-response.js';
import { type FailedRequest, findTokenError, networkError } from './network-error.js';
import { withoutSecrets } from './redaction.js';

/** The facts about a failed grant. */
export interface GrantContext extends FailedRequest {
  /** `undefined` for a client that has no identifier. */
  readonly clientId: string | undefined;
  readonly requestedScope?: string | undefined;
  /** Why correct credentials may be rejected. */
  readonly hint?: string | undefined;
  /** The name of the grant. */
  readonly grantName?: string | undefined;
  /** The advice if the assertion or the subject token is rejected. */
  readonly inputHint?: string | undefined;
  /** Whether the request carried a DPoP proof (RFC 9449 §5). */
  readonly usesDpop?: boolean | undefined;
  /** The response, if there was one. */
  readonly response?: BoundedResponse | undefined;
  /** Wall-clock time, in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Turns an error of openid-client or of `fetch` during a grant into a {@link TokenError}. The response determines the
 * error, which keeps only the redacted members of an error response (RFC 6749 §5.2).
 */
export function grantError(error: unknown, context: GrantContext): AnyTokenError {
  const { response } = context;
  const tokenError = findTokenError(error);
  if (tokenError !== undefined) return tokenError;
  if (response === undefined) return networkError(error, context);
  if (response.status >= 300 && response.status < 400) return redirected(response, context);

  const found = readErrorResponse(response, context.secrets);
  if (isTransient(response.status, found.error)) return unavailable(response, found, context);
  if (response.status >= 400 || found.error !== undefined) return rejected(response, found, context);
  return new InvalidTokenResponseError(
    `${context.authorizationServer} responded to the grant with ${response.status}, but ${flaw(error)}`,
  );
}

function unavailable({ status, headers }: BoundedResponse, found: ErrorResponse, context: GrantContext): AnyTokenError {
  const what = status === 429 ? 'rate limited this client' : 'is not available';
  return new GrantUnavailableError(`${context.authorizationServer} ${what} ${detail(found, status)}`, {
    status,
    retryAfterMs: retryAfterMs(headers, context.now),
  });
}

function rejected({ status }: BoundedResponse, found: ErrorResponse, context: GrantContext): AnyTokenError {
  const { authorizationServer, clientId, requestedScope: scope, ...facts } = context;
  const advice = adviceFor({ ...facts, status, error: found.error, scope });
  return new GrantRejectedError(
    `${authorizationServer} rejected the grant${ofClient(clientId)} ${detail(found, status)}: ${advice}`,
    { status, ...found },
  );
}

function redirected({ status, url, headers }: BoundedResponse, context: GrantContext): AnyTokenError {
  const location = headers.get('location');
  const target = location === null ? undefined : parseUrl(location, url);
  const where = target === undefined ? 'without a target' : `to ${withoutSecretPath(target, context.secrets ?? [])}`;
  return new GrantRejectedError(
    `${context.authorizationServer} redirected the request ${where} (HTTP ${status}); ` +
      'credentials are not sent to the target of a redirect: set "tokenEndpoint" to the URL that responds without a redirect',
    { status },
  );
}

// A URL may encode a secret in an unusual way, so the path is decoded before it is searched for secrets.
function withoutSecretPath(url: URL, secrets: readonly string[]): string {
  try {
    const path = decodeURIComponent(url.pathname);
    return withoutSecrets(path, secrets) === path ? withoutSecrets(cleanUrl(url), secrets) : url.origin;
  } catch {
    return url.origin;
  }
}

/** The client in a message. */
export const ofClient = (clientId: string | undefined): string =>
  clientId === undefined ? '' : ` of client "${cleanText(clientId)}"`;

const detail = ({ error, errorDescription }: ErrorResponse, status: number): string =>
  `(${[error, errorDescription && `"${errorDescription}"`, `HTTP ${status}`].filter(Boolean).join(', ')})`;

function flaw(error: unknown): string {
  const isUnknownType = causesOf(error).some(({ code }) => code === 'OAUTH_UNSUPPORTED_OPERATION');
  return isUnknownType ? 'its "token_type" is not supported' : 'its body is not a token response (RFC 6749 §5.1)';
}
