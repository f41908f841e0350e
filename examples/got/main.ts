// A got instance that sends a token with every request. Run it with OAUTH_ISSUER, CLIENT_SECRET and API_URL set:
// npx tsx examples/got/main.ts
import got, { RequestError } from 'got';
import { createTokenService, isTokenError } from 'm2m-tokens';

import { bearerTokenOptions } from './bearer-token-options.js';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});
const apiUrl = process.env.API_URL ?? 'https://api.example.com';

const api = got.extend({ prefixUrl: apiUrl }, bearerTokenOptions(tokens, new URL(apiUrl).origin));

try {
  console.log(await api.post('orders', { json: { quantity: 3 } }).json());
} catch (error) {
  // got wraps each error.
  if (!(error instanceof RequestError && isTokenError(error.cause))) throw error;
  console.error(error.cause.code, error.cause.message);
  process.exitCode = 1;
}
