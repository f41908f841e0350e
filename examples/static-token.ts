// A fixed API key as a token source. To use access tokens later, replace only the token source. Run it with
// API_KEY and API_URL set: npx tsx examples/static-token.ts
import axios from 'axios';
import { staticToken } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(staticToken(process.env.API_KEY ?? '')));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);

// A request without the key.
const health = await api.get<unknown>('/health', { tokenRequest: false, validateStatus: () => true });
console.log('health', health.status);
