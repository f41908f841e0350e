import { readable } from './redaction.js';

// Registered for other ways to send a token (RFC 7800, draft-ietf-oauth-v2-http-mac, RFC 8693 §2.2.1).
export const neverBearer = new Set(['dpop', 'mac', 'pop', 'n_a']);

/** The flaw of a `token_type`, and advice. */
export function unsupportedType(value: unknown, secrets: readonly string[]): string {
  if (typeof value === 'string' && neverBearer.has(value.trim().toLowerCase())) {
    return `its "token_type" is "${readable(value, secrets)}"; this library sends tokens of the types Bearer and DPoP`;
  }
  return (
    `its "token_type" ${described(value, secrets)} instead of "Bearer"; if its tokens are Bearer tokens, set ` +
    '"assumeBearer: true"'
  );
}

function described(value: unknown, secrets: readonly string[]): string {
  if (value === undefined) return 'is missing';
  if (value === '') return 'is empty';
  if (typeof value === 'number' || typeof value === 'boolean') return `is ${value}`;
  if (typeof value !== 'string')
    return value === null ? 'is null' : `is ${Array.isArray(value) ? 'a list' : 'an object'}`;
  const isPadded = value.trim() !== value;
  return `is "${readable(value, secrets)}"${isPadded ? ', with white space around it,' : ''}`;
}
