// No secret: Kubernetes projects a token of the service account into the pod, and the authorization server trusts the cluster. A JWT
// of SPIFFE or of a cloud works the same way. Run it with OAUTH_ISSUER, TOKEN_FILE and API_URL set:
// npx tsx examples/workload-identity.ts
import axios from 'axios';
import { createTokenService, federatedAssertion, fromFile } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  // Read for each grant: the kubelet renews the file.
  clientAuthentication: federatedAssertion(
    fromFile(process.env.TOKEN_FILE ?? '/var/run/secrets/tokens/auth.example.com'),
  ),
  scope: 'orders:read',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);
