// A fetch that sends a token to the API, and to no other origin. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/fetch.ts
import { createTokenService } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});
const apiUrl = process.env.API_URL ?? 'https://api.example.com';

const send = withBearerToken(fetch, tokens, { origins: [new URL(apiUrl).origin] });

const response = await send(`${apiUrl}/orders`, { method: 'POST', body: 'an order' });
console.log(response.status, await response.json());

// One request with another scope, and one without a token.
const write = await send(`${apiUrl}/orders`, { tokenRequest: { scope: 'orders:write' } });
const health = await send(`${apiUrl}/health`, { tokenRequest: false });
console.log(write.status, health.status);
