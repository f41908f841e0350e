// Calls an API on behalf of a user: trades the token that a user has sent for one that the next API accepts (RFC 8693).
// Each user has a token of their own in the cache. Run it with OAUTH_ISSUER, CLIENT_SECRET and API_URL set:
// npx tsx examples/token-exchange.ts
import axios from 'axios';
import { createTokenService, tokenExchange } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  grant: tokenExchange({ subjectTokenType: 'access_token' }),
  audience: 'https://billing.example.com',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://billing.example.com' });
api.interceptors.request.use(bearerToken(tokens));

// Usually the token in the Authorization header of the request that this service handles.
for (const subjectToken of ['token-of-anna', 'token-of-ben', 'token-of-anna']) {
  const { status } = await api.get<unknown>('/invoices', { tokenRequest: { subjectToken } });
  console.log('invoices', status);
}
