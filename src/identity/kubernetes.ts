import { nonEmptyString } from '../core/check-options.js';
import { checkSourceOptions, type IdentitySourceOptions, type IdentityTokenSource } from './identity-token-source.js';
import { tokenFileSource } from './token-file.js';

/** Options of {@link kubernetesServiceAccount}. */
export interface KubernetesServiceAccountOptions extends IdentitySourceOptions {
  /** The path of the projected token. @default '/var/run/secrets/tokens/token' */
  readonly path?: string | undefined;
}

/**
 * The token of the service account of a pod, from a projected volume. The file is read on each call, because the kubelet
 * replaces it before the token expires.
 *
 * Give the volume an audience of its own, and mount it in `/var/run/secrets/tokens`, as the documentation of Kubernetes
 * does. The default is not the token in `/var/run/secrets/kubernetes.io/serviceaccount`: that one is for the API server
 * of the cluster, and its recipient could use it there.
 * @throws {ConfigurationError} if an option is unknown or malformed
 * @see [Projected volumes](https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken) and
 * [RFC 7523 §3](https://www.rfc-editor.org/rfc/rfc7523#section-3)
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
export function kubernetesServiceAccount(options: KubernetesServiceAccountOptions = {}): IdentityTokenSource {
  checkSourceOptions('kubernetesServiceAccount', options, { path: nonEmptyString });
  const { path = kubernetesTokenPath } = options;
  return tokenFileSource({ path, advice }, options);
}

/** The path of the examples in the documentation of Kubernetes. */
export const kubernetesTokenPath = '/var/run/secrets/tokens/token';
const advice = `mount a projected volume with a "serviceAccountToken" source there, or set "path" (default: ${kubernetesTokenPath})`;
