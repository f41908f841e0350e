// An openapi-fetch client. openapi-typescript usually generates the interface `paths`. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/openapi-fetch.ts
import { createTokenService } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';
import createClient from 'openapi-fetch';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});
const apiUrl = process.env.API_URL ?? 'https://api.example.com';

interface paths {
  '/orders': {
    post: {
      requestBody: { content: { 'application/json': { quantity: number } } };
      responses: { 200: { content: { 'application/json': { path: string; body: string } } } };
    };
  };
}

const api = createClient<paths>({
  baseUrl: apiUrl,
  fetch: withBearerToken(fetch, tokens, { origins: [new URL(apiUrl).origin] }),
});

const { data, error } = await api.POST('/orders', { body: { quantity: 3 } });
console.log(data ?? error);
