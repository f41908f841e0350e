import library = require('m2m-tokens');
import redisEntry = require('m2m-tokens/redis');
import { createClient } from 'redis';

const store = redisEntry.redisStore(createClient());
export const tokens: library.TokenService = library.createTokenService({
  issuer: 'https://as.example',
  clientId: 'orders',
  store,
});

// @ts-expect-error: the declarations are found, so a wrong argument is an error
redisEntry.redisStore(1);
