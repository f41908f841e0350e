import { hash } from 'node:crypto';

import { checkOptions, nonEmptyString } from '../core/check-options.js';
import { claimsOf } from '../core/jwt-claims.js';
import { sendAssertion } from './client-assertion.js';
import { asClientAuthentication, type ClientAuthentication } from './client-authentication.js';
import { checkSecret, fingerprintOf, isFile, resolveText, whitespaceHint } from './secret.js';

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
 * function, such as those of `m2m-tokens/identity` or `fromFile(path)`; the library calls it for each grant. If the
 * server rejects the assertion, the library calls it once more, with `{ replacing: assertion }`.
 * @throws {ConfigurationError} if the source is neither a function nor a non-empty string, or an option is unknown or
 *   malformed
 * @see [RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2)
 * @example
 * ```ts
 * import { createTokenService, federatedAssertion } from 'm2m-tokens';
 * import { kubernetesServiceAccount } from 'm2m-tokens/identity';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientAuthentication: federatedAssertion(kubernetesServiceAccount({ audience: 'https://auth.example.com' })),
 * });
 * ```
 */
export function federatedAssertion(
  source: () => string | Promise<string>,
  options: FederatedAssertionOptions = {},
): ClientAuthentication {
  checkSecret('federatedAssertion', source, 'source');
  checkOptions('federatedAssertion', options, { assertionType: nonEmptyString });

  let last: string | undefined;

  return asClientAuthentication({
    fingerprint: () => fingerprintOf(lastTokenOf(source)),
    async prepare(_clientId, _server, { rejectedSecrets = [] } = {}) {
      const replacing = rejectedSecrets.find((secret) => secret === last);
      const read = replacing === undefined ? source : () => (source as ReplacingSource)({ replacing });
      const assertion = await resolveText(read, 'the federated assertion');
      const fingerprint = hash('sha256', assertion, 'base64url');
      last = assertion;
      return {
        method: 'private_key_jwt',
        ...sendAssertion(async () => assertion, options.assertionType),
        fingerprint,
        credentials: [
          {
            facts: { credential: 'assertion', expiresAt: expiryOf(assertion) },
            // A function may issue an assertion for each grant, which is no rotation.
            fingerprint: isFile(source) ? fingerprint : undefined,
          },
        ],
        hint:
          whitespaceHint(assertion, source, 'the assertion') ??
          'the assertion comes from another issuer: compare issuer, subject, audience and expiry with the registration',
      };
    },
  });
}

/**
 * Returns the last token of a source that has to ask a platform or a program for each token: a fingerprint is no reason
 * to ask, and an answer may differ each time. Returns any other source.
 */
function lastTokenOf(source: () => string | Promise<string>): () => string | Promise<string> {
  const { lastToken } = source as Partial<{ readonly lastToken: () => string | undefined }>;
  return lastToken === undefined ? source : () => lastToken() ?? '';
}

/** A source that caches its assertion, and leaves out a rejected one. */
type ReplacingSource = (options: { readonly replacing: string }) => string | Promise<string>;

/** The `exp` of a JWT in milliseconds since the epoch, without a check of its signature (RFC 7519 §4.1.4). */
function expiryOf(assertion: string): number | undefined {
  const exp = claimsOf(assertion)?.['exp'];
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1_000 : undefined;
}
