import { describe, expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { azureManagedIdentity } from '../../src/identity/index.js';
import { identityEndpointContract } from '../contracts/identity-endpoint.js';
import { failureOf } from '../support/grant-outcome.js';
import { startHttpServer } from '../support/http-server.js';
import { setVariables, unsignedJwt } from '../support/identity-tokens.js';

const resource = 'api://AzureADTokenExchange';
const noIdentity = { error: 'invalid_request', error_description: 'Identity not found' };

// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
identityEndpointContract('azureManagedIdentity on a virtual machine', {
  make(origin, clock) {
    setVariables({ IDENTITY_HEADER: undefined, AZURE_POD_IDENTITY_AUTHORITY_HOST: origin });
    return azureManagedIdentity({ resource, clock });
  },
  issued: (token) => ({ body: { access_token: token, client_id: 'a', resource, token_type: 'Bearer' } }),
  request: {
    path: '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api%3A%2F%2FAzureADTokenExchange',
    headers: { metadata: 'true' },
  },
  audience: undefined,
  rejections: [
    [{ status: 400, body: noIdentity }, /"Identity not found".*assign a managed identity.*"clientId"/],
    [{ status: 403, body: '' }, /assign a managed identity/],
  ],
  transients: [{ status: 404 }, { status: 410 }],
  secrets: [],
});

// https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
identityEndpointContract('azureManagedIdentity in App Service', {
  make(origin, clock) {
    setVariables({ IDENTITY_HEADER: 's3cret-header', IDENTITY_ENDPOINT: `${origin}/msi/token` });
    return azureManagedIdentity({ resource, clientId: 'b2c3', clock });
  },
  issued: (token) => ({ body: { access_token: token, client_id: 'a', resource, token_type: 'Bearer' } }),
  request: {
    path: '/msi/token?api-version=2019-08-01&resource=api%3A%2F%2FAzureADTokenExchange&client_id=b2c3',
    headers: { 'x-identity-header': 's3cret-header' },
  },
  audience: undefined,
  rejections: [
    [
      { status: 400, body: { statusCode: 400, message: 'No User Assigned or Delegated Managed Identity found' } },
      /assign/,
    ],
    [{ status: 401, body: '' }, /assign/],
    [{ status: 404, body: '' }, /assign/],
  ],
  transients: [],
  secrets: ['s3cret-header'],
});

describe('azureManagedIdentity', () => {
  test.each([Date.UTC(2099, 0, 1) / 1_000, `${Date.UTC(2099, 0, 1) / 1_000}`])(
    'takes the expiry from the response: %j',
    async (expires) => {
      const server = await startHttpServer(() => ({ body: { access_token: 'opaque', expires_on: expires } }));
      setVariables({ IDENTITY_HEADER: undefined, AZURE_POD_IDENTITY_AUTHORITY_HOST: server.origin });
      const source = azureManagedIdentity({ resource });

      expect([await source(), await source()]).toEqual(['opaque', 'opaque']);
      expect(server.requests).toHaveLength(1);
    },
  );

  test('trusts the earlier expiry of response and token', async () => {
    const past = unsignedJwt({ exp: 1 });
    const body = { access_token: past, expires_on: Date.UTC(2099, 0, 1) / 1_000 };
    const server = await startHttpServer(() => ({ body }));
    setVariables({ IDENTITY_HEADER: undefined, AZURE_POD_IDENTITY_AUTHORITY_HOST: server.origin });

    expect(String(await failureOf(azureManagedIdentity({ resource })()))).toContain('expired');
  });

  test.each([
    [{ IDENTITY_HEADER: 'a', IDENTITY_ENDPOINT: undefined }, /IDENTITY_ENDPOINT is missing/],
    [{ IDENTITY_HEADER: 'a', IDENTITY_ENDPOINT: 'msi/token' }, /IDENTITY_ENDPOINT must be an http URL/],
    [{ IDENTITY_HEADER: 'a', IDENTITY_ENDPOINT: 'https://localhost/token' }, /IDENTITY_ENDPOINT must be an http URL/],
    [
      { IDENTITY_HEADER: '', AZURE_POD_IDENTITY_AUTHORITY_HOST: 'x' },
      /AZURE_POD_IDENTITY_AUTHORITY_HOST must be an http/,
    ],
    [{ IDENTITY_HEADER: undefined, IDENTITY_ENDPOINT: 'http://localhost:40342' }, /Azure Arc is not supported/],
  ])('refuses %j when it is made', (variables, message) => {
    setVariables({ AZURE_POD_IDENTITY_AUTHORITY_HOST: undefined, IDENTITY_ENDPOINT: undefined, ...variables });
    const make = () => azureManagedIdentity({ resource });

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});
