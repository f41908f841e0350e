import { ConfigurationError } from '../core/errors.js';
import type { Endpoint } from './endpoint.js';
import { requiredVariable, urlOfVariable, variable } from './environment.js';

const assign =
  'assign a managed identity to this resource, and check "resource"; a user-assigned identity needs "clientId"';

/** The endpoint of Azure that issues tokens of managed identities to this program. */
export const azureEndpoint = (): Endpoint =>
  variable('IDENTITY_HEADER') === undefined ? metadataService() : appService();

// https://learn.microsoft.com/azure/app-service/overview-managed-identity
function appService(): Endpoint {
  const url = urlOfVariable('IDENTITY_ENDPOINT');
  url.searchParams.set('api-version', '2019-08-01');
  return {
    name: 'the identity endpoint of Azure',
    url,
    headers: { 'X-IDENTITY-HEADER': requiredVariable('IDENTITY_HEADER', 'the platform sets it') },
    advice: assign,
    unreachable: 'check that the managed identity of this app is enabled, and restart the app',
  };
}

// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
function metadataService(): Endpoint {
  if (variable('IDENTITY_ENDPOINT') !== undefined) {
    throw new ConfigurationError('IDENTITY_ENDPOINT is set without IDENTITY_HEADER: Azure Arc is not supported');
  }
  const url = urlOfVariable('AZURE_POD_IDENTITY_AUTHORITY_HOST', 'http://169.254.169.254');
  url.pathname = '/metadata/identity/oauth2/token';
  url.searchParams.set('api-version', '2018-02-01');
  return {
    name: 'the metadata service of Azure',
    url,
    headers: { Metadata: 'true' },
    advice: assign,
    unreachable:
      'check that this program runs on a virtual machine of Azure, and that a firewall lets it reach this address',
    // While the service is updated, it responds with one of these.
    isTransient: ({ status }) => status === 404 || status === 410,
  };
}
