import { checkArgument, nonEmptyString } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { claimsOf } from '../core/jwt-claims.js';
import { checkSourceOptions, type IdentitySourceOptions, type IdentityTokenSource } from './identity-token-source.js';
import { tokenFileSource } from './token-file.js';

/** Options of {@link spiffeJwtSvid}. */
export interface SpiffeJwtSvidOptions extends IdentitySourceOptions {
  /** The path of the file that the helper writes. */
  readonly path: string;
}

/**
 * A JWT-SVID from the file of a helper, such as the `jwt_svid_file_name` of spiffe-helper. The file is read on each
 * call, because the helper replaces it before the SVID expires.
 *
 * An SVID has no `jti`, and is sent again until the helper replaces it. The authorization server must accept both. It
 * may expect `assertionType: 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'`.
 * @throws {ConfigurationError} if an option is missing, unknown or malformed
 * @see [JWT-SVID](https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md)
 * @example
 * ```ts
 * import { federatedAssertion } from 'm2m-tokens';
 * import { spiffeJwtSvid } from 'm2m-tokens/identity';
 *
 * const svid = spiffeJwtSvid({ path: '/run/spiffe/jwt-svid', audience: 'https://auth.example.com' });
 * const clientAuthentication = federatedAssertion(svid, {
 *   assertionType: 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe',
 * });
 * ```
 */
export function spiffeJwtSvid(options: SpiffeJwtSvidOptions): IdentityTokenSource {
  checkSourceOptions('spiffeJwtSvid', options, { path: nonEmptyString });
  const { path } = options;
  checkArgument('spiffeJwtSvid', 'path', path, nonEmptyString);
  const advice = 'check that the helper runs, and that it writes the SVID of this workload to "path"';
  return tokenFileSource({ path, advice, check: checkSubject }, options);
}

function checkSubject(token: string): void {
  const sub = claimsOf(token)?.['sub'];
  if (typeof sub === 'string' && sub.startsWith('spiffe://')) return;
  throw new ConfigurationError('the token in "path" of spiffeJwtSvid is no JWT-SVID: its subject is no SPIFFE ID');
}
