/**
 * Adds tokens to the global `fetch` or to the global dispatcher. Calls an API, revokes the token, calls the API again,
 * and prints the outcomes. The API and the authorization server have one origin. Arguments: this origin, `fetch` or
 * `dispatcher`, the client authentication, and `issuer` or `endpoint`.
 */
import { Agent, setGlobalDispatcher } from 'undici';

import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { bearerTokenInterceptor } from '../../src/adapters/undici/index.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { createTokenService } from '../../src/service/token-service.js';
import { signingKey } from '../support/signing-keys.js';

const [origin = '', globally, authentication, server] = process.argv.slice(2);
const { privateJwk } = await signingKey();

const tokens = createTokenService({
  ...(server === 'issuer'
    ? { issuer: origin }
    : { tokenEndpoint: `${origin}/token`, revocationEndpoint: `${origin}/revoke` }),
  clientId: 'orders',
  clientAuthentication: {
    basic: clientSecretBasic('open sesame'),
    post: clientSecretPost('open sesame'),
    jwt: privateKeyJwt({ key: privateJwk }),
  }[authentication as 'basic' | 'post' | 'jwt'],
  retry: { retries: 0 },
});

const options = { origins: [origin] };
if (globally === 'fetch') globalThis.fetch = withBearerToken(fetch, tokens, options);
else setGlobalDispatcher(new Agent().compose(bearerTokenInterceptor(tokens, options)));

async function call(): Promise<unknown> {
  try {
    return (await fetch(`${origin}/orders`)).status;
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: { code?: string } };
    return code ?? cause?.code ?? String(error);
  }
}

const first = await call();
const isRevoked = await tokens.revoke();
const second = await call();
const underWay = (globalThis as Record<symbol, unknown>)[Symbol.for('m2m-tokens.requests')] as Map<string, number>;
console.log(JSON.stringify({ first, isRevoked, second, underWay: underWay.size }));
