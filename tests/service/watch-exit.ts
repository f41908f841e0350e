/** Watches a token, prints the first one, and has nothing else to do. Its argument is a token endpoint. */
import { createTokenService } from '../../src/service/token-service.js';

const tokens = createTokenService({
  tokenEndpoint: process.argv[2] ?? '',
  clientId: 'orders',
  clientSecret: 's3cret',
});
tokens.watch(({ token }) => console.log(token?.value));
