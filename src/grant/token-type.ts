import { readable } from './errors/redaction.js';

/** The token types that this library can send. */
export type SupportedTokenType = 'bearer' | 'dpop';

/** How {@link tokenTypeOf} reads `token_type`. */
export interface TokenTypeOptions {
  /** Whether a missing or unknown type counts as Bearer. */
  readonly assumeBearer: boolean;
}

// Registered for other ways to send a token (RFC 7800, draft-ietf-oauth-v2-http-mac, RFC 8693 §2.2.1).
const neverBearer = new Set(['dpop', 'mac', 'pop', 'n_a']);

/** The token type of a token response in lower case (RFC 6749 §5.1); `undefined` if this library cannot send such a token. */
export function tokenTypeOf(value: unknown, { assumeBearer }: TokenTypeOptions): SupportedTokenType | undefined {
  const type = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (type === 'bearer' || type === 'dpop') return type;
  return assumeBearer && !neverBearer.has(type?.trim() ?? '') ? 'bearer' : undefined;
}

/** Says what is wrong with a `token_type`, and what to do. `secrets` do not appear in it. */
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
