// No shared secret: the client signs an assertion with its private key for each grant (private_key_jwt). The key is read from its file
// each time, so that a rotated one is picked up. Run it with OAUTH_ISSUER, KEY_FILE and API_URL set: npx tsx examples/private-key-jwt.ts
import axios from 'axios';
import { createTokenService, keyFile, privateKeyJwt } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientAuthentication: privateKeyJwt({
    // A JWK brings its key id along, also when it is rotated. To a key in PEM say `keyId`, if the server wants one.
    key: keyFile(process.env.KEY_FILE ?? '/run/secrets/orders-service.jwk'),
    // What both the key and the server are good for is chosen by the server's metadata; say `algorithm` to choose yourself, and
    // `audience` for a server that wants its token endpoint there instead of its issuer.
  }),
  scope: 'orders:read',
});

const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
api.interceptors.request.use(bearerToken(tokens));

const { status } = await api.get<unknown>('/orders');
console.log('orders', status);
