import { hash } from 'node:crypto';

import { checkOptions, nonEmptyString } from '../core/check-options.js';
import { sendAssertion } from './client-assertion.js';
import { asClientAuthentication, type ClientAuthentication } from './client-authentication.js';
import { checkSecret, fingerprintOf, resolveSecret, whitespaceHint } from './secret.js';

/** Options of {@link federatedAssertion}. */
export interface FederatedAssertionOptions {
  /**
   * The `client_assertion_type`. Servers that follow the draft on SPIFFE expect
   * `urn:ietf:params:oauth:client-assertion-type:jwt-spiffe`.
   * @default 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
   */
  readonly assertionType?: string | undefined;
}

/**
 * Authenticates with an assertion of another issuer, such as Kubernetes, SPIFFE or a cloud platform. The source is a
 * function, such as `fromFile(path)`; the library calls it for each grant.
 * @throws {ConfigurationError} if the source is neither a function nor a non-empty string, or an option is unknown or
 *   malformed
 * @see [RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2)
 * @example
 * ```ts
 * import { createTokenService, federatedAssertion, fromFile } from 'm2m-tokens';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientAuthentication: federatedAssertion(fromFile('/var/run/secrets/tokens/token')),
 * });
 * ```
 */
export function federatedAssertion(
  source: () => string | Promise<string>,
  options: FederatedAssertionOptions = {},
): ClientAuthentication {
  checkSecret('federatedAssertion', source, 'source');
  checkOptions('federatedAssertion', options, { assertionType: nonEmptyString });

  return asClientAuthentication({
    fingerprint: () => fingerprintOf(source),
    async prepare() {
      const assertion = await resolveSecret(source, 'the federated assertion');
      return {
        method: 'private_key_jwt',
        ...sendAssertion(async () => assertion, options.assertionType),
        fingerprint: hash('sha256', assertion, 'base64url'),
        hint:
          whitespaceHint(assertion, source, 'the assertion') ??
          'the assertion comes from another issuer: compare issuer, subject, audience and expiry with the registration',
      };
    },
  });
}
