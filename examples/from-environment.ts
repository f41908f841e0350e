// A service that reads all options from the environment and exits if the first grant fails. Run it with OAUTH_ISSUER (or
// OAUTH_TOKEN_ENDPOINT), OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and API_URL set: npx tsx examples/from-environment.ts
import axios from 'axios';
import { isTokenError, tokenServiceFromEnvironment } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

try {
  const tokens = tokenServiceFromEnvironment();
  await tokens.ready();
  console.log('ready');

  const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
  api.interceptors.request.use(bearerToken(tokens));
  const { status } = await api.get<unknown>('/orders');
  console.log('orders', status);
} catch (error) {
  if (!isTokenError(error)) throw error;
  console.error(error.code, error.message);
  process.exitCode = 1;
}
