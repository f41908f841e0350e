import { anyClock, checkArgument, checkOptions, nonEmptyString } from '../core/check-options.js';
import type { Clock } from '../core/clock.js';
import { azureEndpoint } from './azure-endpoints.js';
import { askEndpoint } from './endpoint.js';
import { secondsToMs } from './identity-token.js';
import { type IdentityTokenSource, identityTokenSource } from './identity-token-source.js';
import { membersOf } from './token-format.js';

/** Options of {@link azureManagedIdentity}. */
export interface AzureManagedIdentityOptions {
  /** The application ID URI for which the token is issued, such as `api://AzureADTokenExchange`. */
  readonly resource: string;
  /** The client ID of a user-assigned identity. @default the system-assigned identity */
  readonly clientId?: string | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

/**
 * The token of a managed identity of Azure, from the metadata service of a virtual machine, or from `IDENTITY_ENDPOINT`
 * with `IDENTITY_HEADER` in App Service, Functions and Container Apps. As in the SDK of Azure,
 * `AZURE_POD_IDENTITY_AUTHORITY_HOST` replaces the origin of the metadata service. The `aud` of the token is not checked:
 * Entra ID may put the ID of an application there. Azure Arc and Service Fabric are not supported.
 * @throws {ConfigurationError} if an option is missing, unknown or malformed
 * @see [Managed identities](https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token)
 * @example
 * ```ts
 * import { federatedAssertion } from 'm2m-tokens';
 * import { azureManagedIdentity } from 'm2m-tokens/identity';
 *
 * const identity = azureManagedIdentity({ resource: 'api://AzureADTokenExchange' });
 * const clientAuthentication = federatedAssertion(identity);
 * ```
 */
export function azureManagedIdentity(options: AzureManagedIdentityOptions): IdentityTokenSource {
  const checks = { resource: nonEmptyString, clientId: nonEmptyString, clock: anyClock };
  checkOptions('azureManagedIdentity', options, checks);
  const { resource, clientId, clock } = options;
  checkArgument('azureManagedIdentity', 'resource', resource, nonEmptyString);
  const endpoint = azureEndpoint();
  endpoint.url.searchParams.set('resource', resource);
  if (clientId !== undefined) endpoint.url.searchParams.set('client_id', clientId);
  const issue = async () => {
    const { access_token: token, expires_on: expiresOn } = membersOf(await askEndpoint(endpoint), endpoint.name);
    return { token, expiresAt: secondsToMs(expiresOn) };
  };
  return identityTokenSource({ name: endpoint.name, issue }, { clock });
}
