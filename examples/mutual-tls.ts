// The client authenticates with a certificate, and the token is constrained to it. The files are read for each grant. The agent
// presents the certificate of the current token to the API. For servers with a private CA set NODE_EXTRA_CA_CERTS.
// Run it with OAUTH_ISSUER, TLS_FOLDER (with tls.crt and tls.key) and API_URL set: npx tsx examples/mutual-tls.ts
import axios from 'axios';
import { createTokenService, fromFile, mutualTls } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const folder = process.env.TLS_FOLDER ?? '/run/secrets/orders-service';
const authentication = mutualTls({
  certificate: fromFile(`${folder}/tls.crt`),
  key: fromFile(`${folder}/tls.key`),
});

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientAuthentication: authentication,
  scope: 'orders:read',
});

const api = axios.create({
  baseURL: process.env.API_URL ?? 'https://api.example.com',
  httpsAgent: authentication.agent,
});
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);
