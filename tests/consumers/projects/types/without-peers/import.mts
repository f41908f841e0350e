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

// @ts-expect-error: the declarations are found, so a wrong option is an error
createTokenService({ ...options, clientId: 1 });
