// Tokens constrained to a DPoP key (RFC 9449): a stolen token is useless without the key. At the end, the tokens are revoked.
// Run it with OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/dpop.ts
import axios from 'axios';
import { createTokenService, dpop } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
  dpop: dpop(), // a new key pair for this process; dpop({ keyPair }) uses yours
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);

// Call this on SIGTERM, for example. It takes at most two seconds and never rejects.
console.log('revoked', await tokens.revoke());
