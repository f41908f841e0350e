import { createTokenService, type TokenService } from 'm2m-tokens';
import { redisStore } from 'm2m-tokens/redis';
import { createClient } from 'redis';

const store = redisStore(createClient());
export const tokens: TokenService = createTokenService({ issuer: 'https://as.example', clientId: 'orders', store });

// @ts-expect-error: the declarations are found, so a wrong argument is an error
redisStore(1);
