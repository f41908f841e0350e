import { hash } from 'node:crypto';

import { checkOptions, nonEmptyString } from '../core/check-options.js';
import { sendAssertion } from './client-assertion.js';
import type { ClientAuthentication } from './client-secret.js';
import { checkSecret, fingerprintOf, resolveSecret, secretFile } from './secret.js';

/** Options of {@link federatedAssertion}. */
export interface FederatedAssertionOptions {
  /**
   * What the assertion is announced as: `urn:ietf:params:oauth:client-assertion-type:jwt-spiffe` for a server that follows the
   * draft on SPIFFE.
   * @default 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
   */
  readonly assertionType?: string | undefined;
}

/**
 * Proves who the client is with an assertion that somebody else has issued: Kubernetes, SPIFFE, the cloud that it runs in
 * (RFC 7521 §4.2). The source, a function or `fromFile(path)`, is asked for each grant.
 */
export function federatedAssertion(
  source: () => string | Promise<string>,
  options: FederatedAssertionOptions = {},
): ClientAuthentication {
  checkSecret('federatedAssertion', source, 'source');
  checkOptions('federatedAssertion', options, { assertionType: nonEmptyString });

  return {
    fingerprint: () => fingerprintOf(source),
    async prepare() {
      const assertion = await resolveSecret(source, 'the federated assertion');
      return {
        method: 'private_key_jwt',
        ...sendAssertion(async () => assertion, options.assertionType),
        fingerprint: hash('sha256', assertion, 'base64url'),
        hint: 'the assertion is from somebody else: check its issuer, subject, audience and expiry against what is registered',
      };
    },
  };
}

/** An assertion from a file, such as a projected token of Kubernetes, read for each grant. */
export function fromFile(path: string): () => Promise<string> {
  return secretFile(path);
}
