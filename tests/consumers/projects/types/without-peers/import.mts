import {
  createTokenService,
  encryptedStore,
  federatedAssertion,
  memoryStore,
  TokenError,
  type TokenService,
} from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';
import { type IdentityTokenSource, kubernetesServiceAccount } from 'm2m-tokens/identity';
import { type FakeAuthorizationServer, fakeAuthorizationServer, fakeTokenService } from 'm2m-tokens/testing';

const options = { issuer: 'https://as.example', clientId: 'orders', clientSecret: 'secret' };
const store = encryptedStore(memoryStore(), { keys: ['AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='] });
const tokens: TokenService = createTokenService({ ...options, store });
const authorizedFetch = withBearerToken(fetch, tokens, { origins: ['https://api.example'] });

const identity: IdentityTokenSource = kubernetesServiceAccount({ audience: 'https://as.example' });
const clientAuthentication = federatedAssertion(identity);
export const withoutSecret = createTokenService({ issuer: options.issuer, clientId: 'orders', clientAuthentication });

export async function calls(): Promise<string | undefined> {
  try {
    await authorizedFetch('https://api.example/orders');
    return (await tokens.getToken()).value;
  } catch (error) {
    return error instanceof TokenError ? error.code : undefined;
  }
}

export async function inTest(): Promise<TokenService> {
  const fake: TokenService = fakeTokenService({ tokens: ['token-1'], rejects: 'ERR_GRANT_REJECTED' });
  const server: FakeAuthorizationServer = await fakeAuthorizationServer({ tokenFormat: 'jwt' });
  server.answer({ status: 503, times: 2 });
  return server.accepts('Bearer token-1') ? fake : createTokenService(server.options);
}

// @ts-expect-error: the declarations are found, so a wrong option is an error
createTokenService({ ...options, clientId: 1 });
