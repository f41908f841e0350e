import { AccessToken, type AccessTokenType, type DpopKeyPair } from '../core/access-token.js';
import { anyObject, checkOptions, nonEmptyString, objectWith, oneOf } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { checkSigner, type Signer } from '../core/signer.js';
import type { TokenSource } from '../core/token-source.js';

/** Options of {@link staticToken}. */
export interface StaticTokenOptions {
  /** The scheme of the `Authorization` header. @default 'Bearer' */
  readonly type?: AccessTokenType;
  /** The keys of a token of type DPoP; these or `signer` are required for that type (RFC 9449 §6). */
  readonly keyPair?: DpopKeyPair;
  /** The remote signer with the key of a token of type DPoP, in place of `keyPair`. Its `publicKey` is required. */
  readonly signer?: Signer;
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
  checkOptions('staticToken', options, {
    type: oneOf('Bearer', 'DPoP'),
    keyPair: anyObject,
    signer: objectWith('sign'),
    scope: nonEmptyString,
  });
  const { type = 'Bearer', keyPair, signer, scope } = options;
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new ConfigurationError(
      'the value of staticToken must be one or more visible ASCII characters without spaces',
    );
  }
  const keys = [keyPair, signer].filter((each) => each !== undefined).length;
  if (keys !== (type === 'DPoP' ? 1 : 0)) {
    throw new ConfigurationError(
      'staticToken needs "keyPair" or "signer" for a token of type DPoP, and only for that type',
    );
  }
  if (signer !== undefined && checkSigner('staticToken', signer) === undefined) {
    throw new ConfigurationError('the "signer" of staticToken needs its "publicKey"');
  }
  const token = new AccessToken({ value, type, keyPair, signer, scope, issuedAt: Date.now(), expiresAt: Infinity });
  const resolved = Promise.resolve(token);
  return { getToken: () => resolved };
}
