import { expect, test } from '@jest/globals';
import { jwtVerify, SignJWT } from 'jose';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';

import { importProvider } from '../../examples/tour/servers/import-provider.js';
import { clientSecretPost } from '../../src/authentication/client-secret.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import type { GrantType } from '../../src/grant/grant-type.js';
import { jwtBearer } from '../../src/grant/jwt-bearer.js';
import { tokenExchange } from '../../src/grant/token-exchange.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { failureOf } from '../support/grant-outcome.js';
import { trustingFetch } from '../support/grant-tls.js';
import { startOidcProvider } from '../support/oidc-provider.js';
import { signingKey } from '../support/signing-keys.js';

const { errors } = await importProvider();
const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const platform = 'https://platform.example';
const [platformKey, clientKey] = await Promise.all([signingKey('ES256'), signingKey('ES256')]);

const assertionFor = (audience: string, subject = 'orders') =>
  new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(platform)
    .setSubject(subject)
    .setAudience(audience)
    .setExpirationTime('5m')
    .sign(platformKey.privateJwk);

/** Registers both grants: their checks are those of the RFCs, all else is oidc-provider. */
function registerGrants(provider: Provider, issuer: string): void {
  const issue = async (ctx: KoaContextWithOIDC, more: object = {}) => {
    const { client, params = {} } = ctx.oidc;
    if (client === undefined) throw new errors.InvalidClient('no client');
    const token = new provider.ClientCredentials({ client, scope: params['scope'] as string });
    const value = await token.save();
    ctx.body = { access_token: value, token_type: 'Bearer', expires_in: token.expiration, scope: token.scope, ...more };
  };
  provider.registerGrantType(
    jwtBearerGrant,
    async (ctx) => {
      const assertion = String(ctx.oidc.params?.['assertion']);
      const verified = jwtVerify(assertion, platformKey.publicKey, { issuer: platform, audience: issuer });
      const { payload } = await verified.catch(() => {
        throw new errors.InvalidGrant('assertion');
      });
      if (payload.sub !== 'orders') throw new errors.InvalidGrant('subject');
      await issue(ctx);
    },
    ['assertion', 'scope'],
  );
  provider.registerGrantType(
    tokenExchangeGrant,
    async (ctx) => {
      const { subject_token: subject, subject_token_type: type, actor_token: actor } = ctx.oidc.params ?? {};
      if (type !== accessTokenType) throw new errors.InvalidRequest('subject_token_type');
      const known = await Promise.all(
        [subject, actor ?? subject].map((token) => provider.ClientCredentials.find(String(token))),
      );
      if (known.includes(undefined)) throw new errors.InvalidGrant('subject_token');
      await issue(ctx, { issued_token_type: accessTokenType });
    },
    ['scope', 'subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type'],
  );
}

/** Starts oidc-provider with both grants and a client of each method. */
async function start() {
  const grants = { grant_types: ['client_credentials', jwtBearerGrant, tokenExchangeGrant] };
  const server = await startOidcProvider(
    { client_secret: 's3cret', token_endpoint_auth_method: 'client_secret_post', ...grants },
    {
      client_id: 'signer',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...clientKey.publicJwk, kid: 'k' }] },
      ...grants,
    },
    { client_id: 'public', token_endpoint_auth_method: 'none', ...grants },
  );
  registerGrants(server.provider, server.issuer);
  const serve = (grant: GrantType | undefined, options: Partial<TokenServiceOptions> = {}) =>
    createTokenService({
      issuer: server.issuer,
      clientId: 'orders',
      clientAuthentication: clientSecretPost('s3cret'),
      fetch: trustingFetch,
      retry: { retries: 0 },
      ...(grant && { grant }),
      ...options,
    });
  return { ...server, serve };
}

test.each<[string, Partial<TokenServiceOptions>]>([
  ['client_secret_post', {}],
  ['private_key_jwt', { clientId: 'signer', clientAuthentication: privateKeyJwt({ key: clientKey.pem, keyId: 'k' }) }],
  ['none', { clientId: 'public', clientAuthentication: undefined }],
])('oidc-provider issues a token for an assertion of a client with %s', async (_, client) => {
  const { issuer, introspect, serve } = await start();
  const tokens = serve(jwtBearer({ assertion: () => assertionFor(issuer) }), { scope: 'orders:read', ...client });

  const { value } = await tokens.getToken();

  expect(await introspect(value)).toMatchObject({ clientId: client.clientId ?? 'orders', scope: 'orders:read' });
});

test('oidc-provider rejects the assertion of another audience or subject, and then accepts a correct one', async () => {
  const { issuer, serve } = await start();
  let audience = 'https://other.example';
  const tokens = serve(jwtBearer({ assertion: () => assertionFor(audience) }));
  const ofSubject = serve(jwtBearer({ assertion: () => assertionFor(issuer, 'unknown') }));

  expect(await failureOf(ofSubject.getToken())).toMatchObject({ error: 'invalid_grant' });
  expect(await failureOf(tokens.getToken())).toMatchObject({
    error: 'invalid_grant',
    message: expect.stringContaining('compare its issuer, subject, audience and expiry'),
  });
  audience = issuer;
  // Another token request, because the rejection of the first one is cached for a moment.
  expect((await tokens.getToken({ scope: 'orders:read' })).value).toMatch(/^\S+$/);
});

test('oidc-provider exchanges the token of each user, and a token of an actor', async () => {
  const { introspect, serve } = await start();
  const source = serve(undefined);
  const [first, second] = [await source.getToken(), await source.getToken({ scope: 'orders:write' })];
  const exchange = serve(
    tokenExchange({
      subjectTokenType: 'access_token',
      actorToken: source,
      actorTokenType: 'access_token',
      requestedTokenType: 'access_token',
    }),
    { scope: 'orders:read' },
  );
  const exchanged = (request: TokenRequest) => exchange.getToken(request);

  const tokens = [
    await exchanged({ subjectToken: first.value }),
    await exchanged({ subjectToken: second.value }),
    await exchanged({ subjectToken: first.value }),
  ];

  const values = tokens.map(({ value }) => value);
  expect(new Set(values).size).toBe(2);
  expect(values[2]).toBe(values[0]);
  expect(await introspect(values[0] as string)).toMatchObject({ clientId: 'orders', scope: 'orders:read' });
});

test('oidc-provider rejects a revoked subject token; the error says what to check', async () => {
  const { provider, serve } = await start();
  const revoked = await serve(undefined).getToken();
  await (await provider.ClientCredentials.find(revoked.value))?.destroy();
  const exchange = serve(tokenExchange({ subjectToken: () => revoked.value, subjectTokenType: 'access_token' }));

  const error = await failureOf(exchange.getToken());

  expect(error).toMatchObject({ error: 'invalid_grant', message: expect.stringContaining('subject or actor token') });
  expect(String(error)).not.toContain(revoked.value);
});
