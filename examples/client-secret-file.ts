// The client secret from a file, as Docker and Kubernetes mount it. The file is read for each grant, so a rotated secret needs no
// restart. Run it with OAUTH_ISSUER, SECRET_FILE and API_URL set: npx tsx examples/client-secret-file.ts
import axios from 'axios';
import { createTokenService, fromFile } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: fromFile(process.env.SECRET_FILE ?? '/run/secrets/orders-service'),
  scope: 'orders:read',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);
