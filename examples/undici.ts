// An undici Agent that sends a token to the API, and to no other origin. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/undici.ts
import { createTokenService } from 'm2m-tokens';
import { bearerTokenInterceptor } from 'm2m-tokens/undici';
import { Agent, interceptors, request } from 'undici';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});
const apiUrl = process.env.API_URL ?? 'https://api.example.com';

const dispatcher = new Agent().compose(
  bearerTokenInterceptor(tokens, { origins: [new URL(apiUrl).origin] }),
  // The interceptor that is composed last is called first, so that each retry passes the one that adds the token.
  interceptors.retry({ maxRetries: 2, throwOnError: false }),
);

const { statusCode, body } = await request(`${apiUrl}/orders`, { dispatcher, method: 'POST', body: 'an order' });
console.log(statusCode, await body.json());

const health = await request(`${apiUrl}/health`, { dispatcher, tokenRequest: false });
console.log(health.statusCode);

await health.body.dump();
await dispatcher.close();
