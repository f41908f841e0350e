// No secret in a cloud: the managed identity of Azure is the client assertion of an application in Entra ID, which trusts it by a
// federated credential. The other clouds and CI systems in m2m-tokens/identity work the same way. Run it with CLIENT_ID and API_URL
// set: npx tsx examples/cloud-identity.ts
import axios from 'axios';
import { createTokenService, federatedAssertion } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { azureManagedIdentity } from 'm2m-tokens/identity';

const tenant = process.env.TENANT_ID ?? '00000000-0000-0000-0000-000000000000';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? `https://login.microsoftonline.com/${tenant}/v2.0`,
  clientId: process.env.CLIENT_ID!,
  // Cached until it is about to expire, and requested again if Entra ID rejects it.
  clientAuthentication: federatedAssertion(azureManagedIdentity({ resource: 'api://AzureADTokenExchange' })),
  scope: 'api://orders/.default',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);
