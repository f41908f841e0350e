import { AccessToken, type AccessTokenType } from './access-token.js';
import { ConfigurationError } from './errors.js';
import type { TokenSource } from './token-source.js';

/** Options of {@link staticToken}. */
export interface StaticTokenOptions {
  /** @default 'Bearer' */
  readonly type?: AccessTokenType;
  /** The scope that the token is known to have, space-separated. */
  readonly scope?: string;
}

/**
 * A token source for a token that never changes: an API key handed out by a portal, say.
 * @throws {ConfigurationError} when the token cannot be sent in a header
 */
export function staticToken(value: string, { type, scope }: StaticTokenOptions = {}): TokenSource {
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new ConfigurationError('a static token must be one or more visible ASCII characters without spaces');
  }
  const token = new AccessToken({ value, ...(type && { type }), scope, issuedAt: Date.now(), expiresAt: Infinity });
  const answer = Promise.resolve(token);
  return { getToken: () => answer };
}
