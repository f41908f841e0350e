// ky passes unknown options to fetch, so each request can set its own `tokenRequest`. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/ky.ts
import ky, { type Options } from 'ky';
import { createTokenService, type TokenRequest } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});
const apiUrl = process.env.API_URL ?? 'https://api.example.com';

const api = ky.create({
  prefixUrl: apiUrl,
  fetch: withBearerToken(fetch, tokens, { origins: [new URL(apiUrl).origin] }),
});

console.log(await api.post('orders', { json: { quantity: 3 } }).json());

const write: Options & { tokenRequest: TokenRequest } = { tokenRequest: { scope: 'orders:write' } };
console.log(await api.get('orders', write).json());
