// An API key that never changes, in the place of tokens that do: the code that uses it stays the same when they come. Run it with
// API_KEY and API_URL set: npx tsx examples/static-token.ts
import axios from 'axios';
import { staticToken } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(staticToken(process.env.API_KEY ?? '')));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);

// A request that goes out without it.
const health = await api.get<unknown>('/health', { token: false, validateStatus: () => true });
console.log('health', health.status);
