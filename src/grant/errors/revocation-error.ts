import { GrantRejectedError, GrantUnavailableError, type TokenError } from '../../core/errors.js';
import { isOutage, readRefusal } from './error-response.js';
import type { GrantContext } from './grant-error.js';
import { findTokenError, networkError } from './network-error.js';

/**
 * Turns what openid-client or fetch threw during a revocation into a {@link TokenError}. Whatever it is, the token must be
 * taken for valid (RFC 7009 §2.2.1).
 */
export function revocationError(
  error: unknown,
  { authorizationServer, clientId, secrets = [], reply }: Omit<GrantContext, 'now'>,
): TokenError {
  const ours = findTokenError(error);
  if (ours !== undefined) return ours;
  if (reply === undefined) return networkError(error, authorizationServer, secrets);

  const { status } = reply;
  const { error: refusal } = readRefusal(reply, secrets);
  const detail = [refusal, `HTTP ${status}`].filter(Boolean).join(', ');
  const message = `${authorizationServer} did not revoke a token of client "${clientId}" (${detail}); it is valid until it expires`;
  return isOutage(status)
    ? new GrantUnavailableError(message, { status })
    : new GrantRejectedError(message, { status, error: refusal });
}
