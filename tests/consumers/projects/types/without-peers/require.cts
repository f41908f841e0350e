import library = require('m2m-tokens');
import fetchEntry = require('m2m-tokens/fetch');
import testing = require('m2m-tokens/testing');

const options = { issuer: 'https://as.example', clientId: 'orders', clientSecret: 'secret' };
const store = library.encryptedStore(library.memoryStore(), { keys: ['AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='] });
const tokens: library.TokenService = library.createTokenService({ ...options, store });
const authorizedFetch = fetchEntry.withBearerToken(fetch, tokens, { origins: ['https://api.example'] });

export async function calls(): Promise<string | undefined> {
  try {
    await authorizedFetch('https://api.example/orders');
    return (await tokens.getToken()).value;
  } catch (error) {
    return error instanceof library.TokenError ? error.code : undefined;
  }
}

export async function inTest(): Promise<library.TokenService> {
  const fake: library.TokenService = testing.fakeTokenService({ rejects: new library.ConfigurationError('wrong') });
  const server: testing.FakeAuthorizationServer = await testing.fakeAuthorizationServer();
  server.answer({ status: 503, times: 2 });
  return server.accepts('Bearer token-1') ? fake : library.createTokenService(server.options);
}

// @ts-expect-error: the declarations are found, so a wrong option is an error
library.createTokenService({ ...options, clientId: 1 });
