import { checkArgument, nonEmptyString } from '../core/check-options.js';
import { askEndpoint, type Endpoint } from './endpoint.js';
import { googleMetadataServer } from './environment.js';
import {
  checkSourceOptions,
  type IdentitySourceOptions,
  type IdentityTokenSource,
  identityTokenSource,
} from './identity-token-source.js';

/** Options of {@link gcpIdentityToken}. */
export interface GcpIdentityTokenOptions extends IdentitySourceOptions {
  /** The audience of the token. */
  readonly audience: string;
  /** The email address of the service account, if there are several. @default 'default' */
  readonly serviceAccount?: string | undefined;
}

/**
 * An ID token of the service account of a program in Google Cloud, from the metadata server. As in the libraries of
 * Google, `GCE_METADATA_HOST` (`host:port`) or `GCE_METADATA_IP` replaces `169.254.169.254`.
 * @throws {ConfigurationError} if an option is missing, unknown or malformed
 * @see [Verify the identity of a VM](https://cloud.google.com/compute/docs/instances/verifying-instance-identity)
 * @example
 * ```ts
 * import { federatedAssertion } from 'm2m-tokens';
 * import { gcpIdentityToken } from 'm2m-tokens/identity';
 *
 * const clientAuthentication = federatedAssertion(gcpIdentityToken({ audience: 'https://auth.example.com' }));
 * ```
 */
export function gcpIdentityToken(options: GcpIdentityTokenOptions): IdentityTokenSource {
  checkSourceOptions('gcpIdentityToken', options, { serviceAccount: nonEmptyString });
  const { audience, serviceAccount = 'default' } = options;
  checkArgument('gcpIdentityToken', 'audience', audience, nonEmptyString);
  const url = googleMetadataServer();
  url.pathname = `/computeMetadata/v1/instance/service-accounts/${encodeURIComponent(serviceAccount)}/identity`;
  url.search = new URLSearchParams({ audience, format: 'full' }).toString();
  const endpoint: Endpoint = {
    name: 'the metadata server of Google Cloud',
    url,
    headers: { 'Metadata-Flavor': 'Google' },
    advice: 'attach a service account to this resource, and check "serviceAccount" and "audience"',
    unreachable: 'check that this program runs in Google Cloud, and that a firewall lets it reach this address',
  };
  const issue = async () => ({ token: (await askEndpoint(endpoint)).trim() });
  return identityTokenSource({ name: endpoint.name, issue }, options);
}
