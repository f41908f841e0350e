// Microsoft Entra ID: the scope "<Application ID URI>/.default" names one API. The token has the permissions that an administrator
// has granted. Run it with OAUTH_ISSUER, CLIENT_ID, CLIENT_SECRET and API_URL set: npx tsx examples/entra-id.ts
import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tenant = process.env.TENANT_ID ?? '00000000-0000-0000-0000-000000000000';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? `https://login.microsoftonline.com/${tenant}/v2.0`,
  clientId: process.env.CLIENT_ID!,
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'api://orders/.default',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);
