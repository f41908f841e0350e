import m2mTokens = require('m2m-tokens');

const clientAuthentication = m2mTokens.privateKeyJwt({ key: { kty: 'EC', kid: 'orders', x5c: ['…'] } });
m2mTokens.createTokenService({ issuer: 'https://auth.example.com', clientId: 'orders', clientAuthentication });
