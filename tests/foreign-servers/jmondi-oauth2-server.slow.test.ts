import { AuthorizationServer, JwtService, type OAuthClient, OAuthException } from '@jmondi/oauth2-server';
import { handleVanillaError, requestFromVanilla } from '@jmondi/oauth2-server/vanilla';
import { expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';

import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { GrantRejectedError } from '../../src/core/errors.js';
import { tokenExchange } from '../../src/grant/token-exchange.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { failureOf } from '../support/grant-outcome.js';
import { startHttpServer } from '../support/http-server.js';

const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const jwtType = 'urn:ietf:params:oauth:token-type:jwt';
const secret = 's3cret of orders';

/** Starts a server on `@jmondi/oauth2-server` that exchanges the tokens of users; returns a function that makes services. */
async function start() {
  const client: OAuthClient = {
    id: 'orders',
    name: 'orders',
    secret,
    redirectUris: [],
    allowedGrants: ['client_credentials', tokenExchangeGrant],
    scopes: [],
  };
  const exchanged: unknown[] = [];
  const oauth = new AuthorizationServer(
    {
      getByIdentifier: async (id) => (id === client.id ? client : Promise.reject(OAuthException.invalidClient())),
      isClientValid: async (grant, { allowedGrants }, given) => allowedGrants.includes(grant) && given === secret,
    },
    {
      issueToken: async (owner, scopes, user) => ({
        accessToken: crypto.randomUUID(),
        accessTokenExpiresAt: new Date(Date.now() + 3_600_000),
        client: owner,
        scopes,
        user: user ?? null,
      }),
      persist: async () => {},
      revoke: async () => {},
      issueRefreshToken: async () => Promise.reject(new Error('unused')),
      isRefreshTokenRevoked: async () => true,
      getByRefreshToken: async () => Promise.reject(new Error('unused')),
    },
    { getAllByIdentifiers: async (names) => names.map((name) => ({ name })), finalize: async (scopes) => scopes },
    new JwtService('a key of the server'),
  );
  oauth.enableGrantTypes('client_credentials', {
    grant: tokenExchangeGrant,
    async processTokenExchange({ subjectToken, subjectTokenType, actorToken, audience, requestedTokenType }) {
      exchanged.push({ subjectTokenType, actorToken, audience, requestedTokenType });
      const [kind, id] = subjectToken.split(' of ');
      if (kind !== 'token' || id === undefined) throw OAuthException.invalidGrant('the subject token is unknown');
      return { id };
    },
  });
  const server = await startHttpServer(async ({ method, path, headers, body }) => {
    const url = new URL(path, 'http://localhost');
    const request = new Request(url, { method, headers: headers as Record<string, string>, body });
    const { status, body: answer } = await oauth
      .respondToAccessTokenRequest(await requestFromVanilla(request))
      .catch((error: unknown) => handleVanillaError(error));
    return { status, body: answer as object };
  });
  const tokensOf = (options: Partial<TokenServiceOptions>) =>
    createTokenService({ tokenEndpoint: `${server.origin}/token`, clientId: 'orders', ...options });
  return { exchanged, tokensOf };
}

const exchange = (subjectToken?: () => string) =>
  tokenExchange({ subjectTokenType: jwtType, ...(subjectToken && { subjectToken }) });

test.each([
  ['clientSecretBasic, raw', clientSecretBasic(secret, { encoding: 'raw' })],
  ['clientSecretPost', clientSecretPost(secret)],
])('@jmondi/oauth2-server grants and exchanges tokens by %s', async (_name, clientAuthentication) => {
  const { tokensOf } = await start();

  const own = await tokensOf({ clientAuthentication }).getToken({ scope: 'orders:read' });
  const grant = exchange(() => 'token of alice');
  const exchanged = await tokensOf({ clientAuthentication, grant }).getToken({ scope: 'orders:read' });

  expect(own).toMatchObject({ scope: 'orders:read' });
  expect(decodeJwt(own.value)).not.toHaveProperty('sub');
  expect(exchanged).toMatchObject({ scope: 'orders:read' });
  expect(decodeJwt(exchanged.value)).toMatchObject({ sub: 'alice', cid: 'orders', scope: 'orders:read' });
});

test('@jmondi/oauth2-server gets audience, actor and types of a token exchange', async () => {
  const { tokensOf, exchanged } = await start();
  const requestedTokenType = 'urn:ietf:params:oauth:token-type:access_token' as const;
  const actor = { actorToken: () => 'the actor', actorTokenType: jwtType };
  const subject = { subjectToken: () => 'token of alice', subjectTokenType: jwtType };
  const grant = tokenExchange({ ...subject, ...actor, requestedTokenType });

  await tokensOf({ clientAuthentication: clientSecretPost(secret), grant }).getToken({ audience: 'stock' });

  expect(exchanged).toEqual([
    { subjectTokenType: jwtType, actorToken: 'the actor', audience: 'stock', requestedTokenType },
  ]);
});

test('@jmondi/oauth2-server: each subject has its own token, which is cached', async () => {
  const { tokensOf, exchanged } = await start();
  const tokens = tokensOf({ clientAuthentication: clientSecretPost(secret), grant: exchange() });

  const subjects = [];
  for (const user of ['alice', 'bob', 'alice']) {
    const { value } = await tokens.getToken({ subjectToken: `token of ${user}` });
    subjects.push(decodeJwt(value).sub);
  }

  expect(subjects).toEqual(['alice', 'bob', 'alice']);
  expect(exchanged).toHaveLength(2);
});

test('@jmondi/oauth2-server: an unknown subject token is rejected, and the error does not hold it', async () => {
  const { tokensOf } = await start();
  const grant = exchange(() => 'c4n4ry');

  const error = await failureOf(tokensOf({ clientAuthentication: clientSecretPost(secret), grant }).getToken());

  expect(error).toBeInstanceOf(GrantRejectedError);
  expect(error).toMatchObject({ error: 'invalid_grant', status: 400 });
  expect(String(error)).not.toContain('c4n4ry');
});
