import { ConfigurationError } from '../core/errors.js';
import type { InsecureUrl } from '../core/insecure-url.js';

/** The options that the rules of FAPI 2.0 apply to. */
export interface Fapi2Facts {
  readonly tokenEndpoint: string | InsecureUrl | undefined;
  /** Whether an endpoint may be reached by http. */
  readonly allowsHttp: boolean;
  /** The registered name of the client authentication, if it has a fixed one. */
  readonly method: string | undefined;
  readonly isSenderConstrained: boolean;
}

/**
 * Checks the rules of the FAPI 2.0 Security Profile for clients that options can break (§5.3.2.1, §5.3.3). The rules on
 * algorithms and audiences are checked when an assertion is signed.
 * @throws {ConfigurationError} that names the option to change
 */
export function checkFapi2Profile({ tokenEndpoint, allowsHttp, method, isSenderConstrained }: Fapi2Facts): void {
  const fail = (rule: string) => {
    throw new ConfigurationError(`the profile "fapi2" ${rule}`);
  };
  if (tokenEndpoint !== undefined) {
    fail('takes endpoints from metadata only: set "issuer" instead of "tokenEndpoint"');
  }
  if (allowsHttp) fail('requires https: give the URL as a string, without dangerouslyAllowHttp');
  if (method !== 'private_key_jwt' && method !== 'tls_client_auth') {
    fail(
      'allows no shared secret and no assertion of another issuer: set "clientAuthentication" to privateKeyJwt(…) or mutualTls(…)',
    );
  }
  if (!isSenderConstrained) {
    fail('requires sender-constrained tokens: set "dpop", or set "clientAuthentication" to mutualTls(…)');
  }
}
