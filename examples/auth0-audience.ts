// Auth0 requires the identifier of the API as `audience`. The issuer ends with a slash. Run it with
// OAUTH_ISSUER, CLIENT_ID, CLIENT_SECRET and API_URL set: npx tsx examples/auth0-audience.ts
import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://example.eu.auth0.com/',
  clientId: process.env.CLIENT_ID!,
  clientSecret: process.env.CLIENT_SECRET!,
  audience: 'https://api.example.com/orders',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));
// Each audience has its own token.
const stock = { audience: 'https://api.example.com/stock' };

const responses = [await api.get<unknown>('/orders'), await api.get<unknown>('/stock', { tokenRequest: stock })];
console.log(...responses.map(({ status }) => status));
