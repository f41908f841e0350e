// No shared secret: the client signs an assertion with its private key for each grant (private_key_jwt). The file is read for each
// grant, so a rotated key needs no restart. Run it with OAUTH_ISSUER, KEY_FILE and API_URL set: npx tsx examples/private-key-jwt.ts
import axios from 'axios';
import { createTokenService, fromFile, privateKeyJwt } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientAuthentication: privateKeyJwt({
    // A JWK contains its key id. For a key in PEM set `keyId` if the server requires one.
    key: fromFile(process.env.KEY_FILE ?? '/run/secrets/orders-service.jwk'),
    // The key and the metadata determine the algorithm; `algorithm` overrides it. The audience is the issuer; set `audience` for
    // a server that requires its token endpoint.
  }),
  scope: 'orders:read',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);
