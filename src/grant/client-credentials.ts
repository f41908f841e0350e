import { checkClientCredentials, type ClientCredentialsOptions } from './grant-options.js';
import { clientCredentialsType, type GrantSource, grantSource } from './grants.js';

/**
 * Makes the innermost token source, which sends one client credentials grant for each call.
 * @throws {ConfigurationError} if an option is missing or malformed
 * @see [RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)
 * @example
 * ```ts
 * import { clientSecretBasic } from 'm2m-tokens';
 * import { clientCredentials } from 'm2m-tokens/layers';
 *
 * const grants = clientCredentials({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientAuthentication: clientSecretBasic('secret'),
 * });
 * await grants.revoke(await grants.getToken());
 * ```
 */
export function clientCredentials(options: ClientCredentialsOptions): GrantSource {
  checkClientCredentials(options);
  return grantSource(options, clientCredentialsType);
}
