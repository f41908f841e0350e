import { AccessToken, type AccessTokenType, type DpopKeyPair } from '../core/access-token.js';
import { anyObject, checkOptions, nonEmptyString, oneOf } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import type { TokenSource } from '../core/token-source.js';

/** Options of {@link staticToken}. */
export interface StaticTokenOptions {
  /** The scheme of the `Authorization` header. @default 'Bearer' */
  readonly type?: AccessTokenType;
  /** The keys of a token of type DPoP; required for that type (RFC 9449 §6). */
  readonly keyPair?: DpopKeyPair;
  /** The scope of the token, space-separated. */
  readonly scope?: string;
}

/**
 * Makes a token source that always returns the same token, for example an API key from a portal.
 * @throws {ConfigurationError} if the token cannot be sent in a header, or is of type DPoP without its keys
 * @example
 * ```ts
 * import { staticToken } from 'm2m-tokens';
 * import { withBearerToken } from 'm2m-tokens/fetch';
 *
 * const tokens = staticToken('key-from-the-portal');
 * const authorizedFetch = withBearerToken(fetch, tokens, { origins: ['https://api.example.com'] });
 * ```
 */
export function staticToken(value: string, options: StaticTokenOptions = {}): TokenSource {
  checkOptions('staticToken', options, { type: oneOf('Bearer', 'DPoP'), keyPair: anyObject, scope: nonEmptyString });
  const { type = 'Bearer', keyPair, scope } = options;
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new ConfigurationError(
      'the value of staticToken must be one or more visible ASCII characters without spaces',
    );
  }
  if ((type === 'DPoP') !== (keyPair !== undefined)) {
    throw new ConfigurationError('staticToken needs "keyPair" for a token of type DPoP, and only for that type');
  }
  const token = new AccessToken({ value, type, keyPair, scope, issuedAt: Date.now(), expiresAt: Infinity });
  const resolved = Promise.resolve(token);
  return { getToken: () => resolved };
}
