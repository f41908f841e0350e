// Identity chaining: the token of one authorization server is the assertion for the next, which trusts it (RFC 7523
// §2.1). The client needs no secret there. Run it with OAUTH_ISSUER, PARTNER_ISSUER, CLIENT_SECRET and API_URL set:
// npx tsx examples/jwt-bearer.ts
import { createTokenService, jwtBearer } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

const own = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
});

// Asks `own` only when its own token expires, and once more if its assertion is rejected.
const partner = createTokenService({
  issuer: process.env.PARTNER_ISSUER ?? 'https://auth.partner.example',
  grant: jwtBearer({ assertion: own }),
  scope: 'orders:read',
});

const api = process.env.API_URL ?? 'https://api.partner.example';
const authorizedFetch = withBearerToken(fetch, partner, { origins: [new URL(api).origin] });
const { status } = await authorizedFetch(`${api}/orders`);
console.log('orders', status);
