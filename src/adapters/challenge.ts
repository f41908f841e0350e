import { errorOf, parseChallenges } from '../core/challenges.js';

/** Schemes, in lower case, that require credentials other than a token. */
export const otherCredentials: ReadonlySet<string> = new Set(['basic', 'digest', 'negotiate', 'ntlm']);

/** Errors that a new token does not resolve (RFC 6750 §3.1, RFC 9449 §7.1 and §9). */
const otherErrors = new Set(['insufficient_scope', 'invalid_request', 'use_dpop_nonce', 'invalid_dpop_proof']);

/**
 * Whether a response rejects the token. A 401 does, unless its challenges ask for more scope, a different request or
 * proof, or only for other credentials. A non-standard scheme or error, such as `OAuth2` or `expired_token`, also
 * rejects the token.
 */
export function rejectsToken(status: number, wwwAuthenticate: string | undefined): boolean {
  if (status !== 401) return false;
  const challenges = parseChallenges(wwwAuthenticate ?? '');
  const forTokens = challenges.filter(({ scheme }) => !otherCredentials.has(scheme));
  const errors = forTokens.flatMap((challenge) => errorOf(challenge) ?? []);
  if (errors.length > 0) return errors.some((error) => !otherErrors.has(error));
  return challenges.length === 0 || forTokens.length > 0;
}
