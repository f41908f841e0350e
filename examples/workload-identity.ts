// No secret: Kubernetes projects a token of the service account into the pod, and the authorization server trusts the cluster. An SVID of
// SPIFFE works the same way. Run it with OAUTH_ISSUER, TOKEN_FILE and API_URL set:
// npx tsx examples/workload-identity.ts
import axios from 'axios';
import { createTokenService, federatedAssertion } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { kubernetesServiceAccount } from 'm2m-tokens/identity';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  // Read for each grant: the kubelet renews the file.
  clientAuthentication: federatedAssertion(kubernetesServiceAccount({ path: process.env.TOKEN_FILE })),
  scope: 'orders:read',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);
