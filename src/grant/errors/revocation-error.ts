import { GrantRejectedError, GrantUnavailableError, type AnyTokenError } from '../../core/errors.js';
import { isTransientStatus, readErrorResponse } from './error-response.js';
import { type GrantContext, ofClient } from './grant-error.js';
import { findTokenError, networkError } from './network-error.js';

/**
 * Turns an error of openid-client or of `fetch` during a revocation into a {@link TokenError}. After any of them the
 * token may still be valid (RFC 7009 §2.2.1).
 */
export function revocationError(
  error: unknown,
  { authorizationServer, clientId, secrets = [], response, ignoredProxy }: Omit<GrantContext, 'now'>,
): AnyTokenError {
  const tokenError = findTokenError(error);
  if (tokenError !== undefined) return tokenError;
  if (response === undefined) return networkError(error, { authorizationServer, secrets, ignoredProxy });

  const { status } = response;
  const { error: code } = readErrorResponse(response, secrets);
  const detail = [code, `HTTP ${status}`].filter(Boolean).join(', ');
  const message = `${authorizationServer} did not revoke a token${ofClient(clientId)} (${detail}); it is valid until it expires`;
  return isTransientStatus(status)
    ? new GrantUnavailableError(message, { status })
    : new GrantRejectedError(message, { status, error: code });
}
