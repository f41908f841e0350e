import { createTokenService, privateKeyJwt } from 'm2m-tokens';

const clientAuthentication = privateKeyJwt({ key: { kty: 'EC', kid: 'orders', x5c: ['…'] } });
createTokenService({ issuer: 'https://auth.example.com', clientId: 'orders', clientAuthentication });
