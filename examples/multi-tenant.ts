// One axios instance for many tenants, each with credentials of its own: the path of a request selects the tenant. Run it
// with OAUTH_ISSUER, ACME_SECRET, GLOBEX_SECRET and API_URL set: npx tsx examples/multi-tenant.ts
import axios from 'axios';
import { ConfigurationError, createTokenServices } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

// In place of a table of your database.
const tenants = new Map([
  ['acme', { clientId: 'orders-of-acme', clientSecret: process.env.ACME_SECRET! }],
  ['globex', { clientId: 'orders-of-globex', clientSecret: process.env.GLOBEX_SECRET! }],
]);

const services = createTokenServices(
  async (tenant) => {
    const client = tenants.get(tenant);
    if (client === undefined) throw new ConfigurationError(`there is no tenant ${tenant}`);
    return { issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com', scope: 'orders:read', ...client };
  },
  { max: 1_000, onEvent: ({ type, service }) => console.log(service, type) },
);

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(services, { serviceOf: ({ url = '' }) => url.split('/')[1] ?? '' }));

for (const path of ['/acme/orders', '/globex/orders', '/acme/orders', '/initech/orders']) {
  try {
    const { status } = await api.get<unknown>(path);
    console.log(path, status);
  } catch (error) {
    console.log(path, error instanceof Error ? error.message : error);
  }
}
await services.revoke();
