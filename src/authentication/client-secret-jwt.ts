import { hash } from 'node:crypto';

import { checkOptions } from '../core/check-options.js';
import { assertionChecks, clientAssertion, type ClientAssertionOptions } from './client-assertion.js';
import { asClientAuthentication, type ClientAuthentication } from './client-authentication.js';
import { checkSecret, fingerprintOf, resolveSecret, type Secret, whitespaceHint } from './secret.js';
import { signingAlgorithm } from './signing-algorithm.js';
import { supportedMethod } from './supported-method.js';

const hmacAlgorithms = ['HS256', 'HS384', 'HS512'];

/**
 * Authenticates with an assertion that the client secret signs; the secret itself is not sent: `client_secret_jwt`.
 * @throws {ConfigurationError} if the secret is empty, or an option is unknown or malformed
 * @see [OpenID Connect Core §9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)
 * @example
 * ```ts
 * import { clientSecretJwt, createTokenService, fromFile } from 'm2m-tokens';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientAuthentication: clientSecretJwt(fromFile('/run/secrets/client')),
 * });
 * ```
 */
export function clientSecretJwt(secret: Secret, options: ClientAssertionOptions = {}): ClientAuthentication {
  checkSecret('clientSecretJwt', secret);
  checkOptions('clientSecretJwt', options, assertionChecks);
  const method = 'client_secret_jwt';

  return asClientAuthentication({
    method,
    fingerprint: () => fingerprintOf(secret),
    async prepare(clientId, server, context) {
      const supported = supportedMethod(server, method);
      const { value: clientSecret, expiresAt } = await resolveSecret(secret);
      const fingerprint = hash('sha256', clientSecret, 'base64url');
      const assertion = clientAssertion({
        method: supported,
        clientId,
        server,
        context,
        options,
        means: { key: Buffer.from(clientSecret, 'utf8') },
        algorithm: signingAlgorithm(server, { fitting: hmacAlgorithms }),
        fingerprint,
        credentials: [{ facts: { credential: 'secret', expiresAt }, fingerprint }],
      });
      return {
        ...assertion,
        // A getter, because each send adds an assertion. The server knows the secret and may repeat it in a response.
        get secrets() {
          return [clientSecret, ...assertion.secrets];
        },
        hint: whitespaceHint(clientSecret, secret) ?? assertion.hint,
      };
    },
  });
}
