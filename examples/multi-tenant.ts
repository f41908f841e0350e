// One axios instance for many tenants: the path of a request selects the token of the tenant. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/multi-tenant.ts
import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  onEvent: (event) => console.log(event.type),
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(
  bearerToken(tokens, {
    // The path begins with the tenant. Only known tenants get a token.
    tokenRequest: ({ url }) => {
      const tenant = /^\/(acme|globex)\//.exec(url ?? '')?.[1];
      if (tenant === undefined) throw new Error(`no tenant in ${url}`);
      return { scope: 'orders:read', parameters: { tenant } };
    },
  }),
);

for (const path of ['/acme/orders', '/globex/orders', '/acme/orders', '/globex/orders']) {
  const { status } = await api.get<unknown>(path);
  console.log(path, status);
}
