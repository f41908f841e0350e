// An axios instance that sends a token with every request. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/axios.ts
import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));
const { status, data } = await api.get<unknown>('/orders');

console.log(status, data);
