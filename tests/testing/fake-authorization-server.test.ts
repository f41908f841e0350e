import { inspect } from 'node:util';

import { expect, test } from '@jest/globals';
import { calculateJwkThumbprint, createRemoteJWKSet, decodeJwt, exportJWK, jwtVerify } from 'jose';
import {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  createTokenService,
  dangerouslyAllowHttp,
  dpop,
  federatedAssertion,
  isTokenError,
  privateKeyJwt,
  tokenExchange,
  type TokenServiceOptions,
} from 'm2m-tokens';
import { fakeAuthorizationServer, type FakeAuthorizationServerOptions } from 'm2m-tokens/testing';
import {
  allowInsecureRequests,
  clientCredentialsGrant,
  discovery,
  tokenIntrospection,
  tokenRevocation,
} from 'openid-client';

import { cleanUp } from '../support/clean-up.js';
import { failureOf } from '../support/grant-outcome.js';
import { signingKey } from '../support/signing-keys.js';
import { until } from '../support/until.js';

async function start(options?: FakeAuthorizationServerOptions) {
  const server = await fakeAuthorizationServer(options);
  cleanUp(() => server.close());
  const serve = (more: Partial<TokenServiceOptions> = {}) =>
    createTokenService({ ...server.options, retry: { retries: 0 }, ...more });
  return { server, serve };
}

test('openid-client discovers it, gets a token, introspects and revokes it', async () => {
  const { server } = await start();
  const { issuer, clientId, clientSecret } = server.options;

  for (const algorithm of ['oidc', 'oauth2'] as const) {
    const execute = [allowInsecureRequests];
    const configuration = await discovery(new URL(issuer), clientId, clientSecret, undefined, { algorithm, execute });
    const { access_token: token, expires_in: lifetime } = await clientCredentialsGrant(configuration, { scope: 'a' });
    expect(lifetime).toBe(3_600);
    expect(await tokenIntrospection(configuration, token)).toMatchObject({
      active: true,
      scope: 'a',
      client_id: clientId,
      iss: issuer,
    });
    await tokenRevocation(configuration, token);
    expect(await tokenIntrospection(configuration, token)).toEqual({ active: false });
  }

  expect(
    server.requests
      .map(({ endpoint }) => endpoint)
      .slice(0, 5)
      .join(),
  ).toBe('metadata,token,introspection,revocation,introspection');
});

test.each<[string, () => Promise<ClientAuthentication>, string | undefined]>([
  ['client_secret_basic', async () => clientSecretBasic('s:cr%t +&'), undefined],
  ['client_secret_post', async () => clientSecretPost('s:cr%t +&'), undefined],
  ['client_secret_jwt', async () => clientSecretJwt('s:cr%t +&'), 'an:orders client'],
  ['private_key_jwt', async () => privateKeyJwt({ key: (await signingKey()).pem }), 'an:orders client'],
])('takes %s and records the client', async (clientAuthentication, make, subject) => {
  const { server } = await start({ clients: { 'an:orders client': 's:cr%t +&' } });
  const { clientSecret: _secret, ...options } = server.options;
  const tokens = createTokenService({ ...options, clientAuthentication: await make(), scope: ['a', 'b'] });

  const token = await tokens.getToken();

  expect(token).toMatchObject({ value: 'token-1', scope: 'a b' });
  expect(server.grants).toMatchObject([
    {
      clientId: 'an:orders client',
      clientAuthentication,
      parameters: { grant_type: 'client_credentials', scope: 'a b' },
    },
  ]);
  expect(server.grants[0]?.assertion?.claims['sub']).toBe(subject);
});

test.each<[string, ClientAuthentication]>([
  ['another secret', clientSecretBasic('other')],
  ['another secret in the body', clientSecretPost('other')],
  ['an assertion by another secret', clientSecretJwt('other')],
  ['an assertion that is no JWT', federatedAssertion(async () => 'no-jwt')],
])('rejects %s', async (_, clientAuthentication) => {
  const { server } = await start();
  const { issuer, clientId } = server.options;

  const error = await failureOf(createTokenService({ issuer, clientId, clientAuthentication }).getToken());

  expect(error).toMatchObject({ code: 'ERR_GRANT_REJECTED', status: 401, error: 'invalid_client' });
});

test('rejects an unknown client, also one with the name of a member of objects', async () => {
  const { serve } = await start();

  for (const clientId of ['unknown', 'constructor', '__proto__']) {
    await expect(serve({ clientId }).getToken()).rejects.toMatchObject({ error: 'invalid_client' });
  }
});

test('an API verifies its JWTs with the JWKS', async () => {
  const { server, serve } = await start({ tokenFormat: 'jwt', lifetimeSeconds: 600 });
  const keys = createRemoteJWKSet(new URL(server.jwksUri));

  const { value } = await serve({ scope: 'orders:read', audience: 'https://api.example.com' }).getToken();

  const checks = { issuer: server.issuer, audience: 'https://api.example.com', typ: 'at+jwt' };
  const { payload } = await jwtVerify(value, keys, checks);
  expect(payload).toMatchObject({ client_id: 'fake-client', scope: 'orders:read' });
  expect(Number(payload.exp) - Number(payload.iat)).toBe(600);
  server.clock.advance(600_000);
  const currentDate = new Date(server.clock.now());
  await expect(jwtVerify(value, keys, { ...checks, currentDate })).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
});

test('answers a token exchange', async () => {
  const { server, serve } = await start();
  const grant = tokenExchange({ subjectTokenType: 'urn:ietf:params:oauth:token-type:access_token' });

  const exchanged = await serve({ grant }).getToken({ subjectToken: 'of-anna' });

  expect(exchanged.value).toBe('token-1');
  expect(server.grants[0]?.parameters).toMatchObject({ subject_token: 'of-anna' });
});

test('binds a token to the key of a DPoP proof', async () => {
  const { server, serve } = await start({ tokenFormat: 'jwt' });

  const { authorization, type, value, keyPair } = await serve({ dpop: dpop() }).getToken();

  expect(type).toBe('DPoP');
  expect(server.accepts(authorization)).toBe(true);
  const jkt = await calculateJwkThumbprint(await exportJWK(keyPair?.publicKey as never));
  expect(decodeJwt(value)).toMatchObject({ cnf: { jkt } });
});

test('tokens expire when the test moves the clock, for the service and for the server', async () => {
  const { server, serve } = await start();
  const tokens = serve();
  const { authorization } = await tokens.getToken();
  expect(server.accepts(authorization)).toBe(true);

  server.clock.advance(3_600_000);

  expect(server.accepts(authorization)).toBe(false);
  expect((await tokens.getToken()).value).toBe('token-2');
  const headers = ['Bearer token-2', undefined, 'Bearer', 'token-2'];
  expect(headers.filter((header) => server.accepts(header))).toEqual(['Bearer token-2']);
});

test('revokes tokens for the service, and on command', async () => {
  const { server, serve } = await start();
  const tokens = serve();
  await tokens.ready();
  await expect(tokens.revoke()).resolves.toBe(true);
  expect(server.accepts('Bearer token-1')).toBe(false);
  const { authorization } = await tokens.getToken();

  server.revokeGranted();

  expect(server.accepts(authorization)).toBe(false);
  expect((await tokens.getToken()).authorization).toBe(authorization);
});

test('gives scripted answers in turn, then the usual ones', async () => {
  const { server, serve } = await start();
  server.answer(
    { error: 'invalid_scope' },
    { status: 503, times: 2 },
    { status: 429, retryAfterSeconds: 30 },
    { body: '<html>', headers: { 'content-type': 'text/html' } },
    { fault: 'reset' },
    { fault: 'truncate' },
    { body: { access_token: 'by-hand', token_type: 'Bearer' } },
  );

  const outcomes = [];
  // A new service each time, because a service pauses after a failure.
  for (let call = 0; call < 9; call += 1) {
    const outcome = serve()
      .getToken()
      .then(
        ({ value }) => value,
        (error: { code: string; status?: number; retryAfterMs?: number; error?: string }) => error,
      );
    outcomes.push(await outcome);
  }

  expect(outcomes).toEqual([
    expect.objectContaining({ code: 'ERR_GRANT_REJECTED', error: 'invalid_scope', status: 400 }),
    expect.objectContaining({ code: 'ERR_GRANT_UNAVAILABLE', status: 503 }),
    expect.objectContaining({ code: 'ERR_GRANT_UNAVAILABLE', status: 503 }),
    expect.objectContaining({ code: 'ERR_GRANT_UNAVAILABLE', status: 429, retryAfterMs: 30_000 }),
    expect.objectContaining({ code: 'ERR_TOKEN_RESPONSE' }),
    expect.objectContaining({ code: 'ERR_GRANT_UNAVAILABLE' }),
    expect.objectContaining({ code: 'ERR_GRANT_UNAVAILABLE' }),
    'by-hand',
    'token-2',
  ]);
});

test('scripts each endpoint on its own, until the test ends it', async () => {
  const { server, serve } = await start();
  server.answer({ endpoint: 'metadata', status: 500, times: Infinity });

  await expect(serve().getToken()).rejects.toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });
  expect(server.grants).toEqual([]);
  server.recover();
  await serve().ready();

  expect(server.grants).toHaveLength(1);
});

test('a late answer comes when the test moves the clock', async () => {
  const { server, serve } = await start();
  server.answer({ delayMs: 60_000 });

  const tokens = serve();
  const pending = tokens.getToken();
  await until(() => server.grants.length === 1);
  server.clock.advance(59_000);
  server.clock.advance(1_000);

  await expect(pending).resolves.toMatchObject({ value: 'token-1' });
});

test('has an end while it hangs and waits: callers get an error of the library', async () => {
  const { server, serve } = await start();
  server.answer({ fault: 'hang' }, { delayMs: 3_600_000 });
  const failures = [serve(), serve()].map((tokens) => failureOf(tokens.getToken()));
  await until(() => server.grants.length === 2);

  await Promise.all([server.close(), server.close()]);
  await server[Symbol.asyncDispose]();

  for (const error of [...(await Promise.all(failures)), await failureOf(serve().getToken())]) {
    expect(isTokenError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryable: true });
  }
});

test('a client that gives up leaves nothing behind', async () => {
  const { server, serve } = await start();
  server.answer({ fault: 'hang' });
  const caller = new AbortController();

  const pending = serve({ timeoutMs: 50 }).getToken(undefined, { signal: caller.signal });
  await until(() => server.grants.length === 1);
  caller.abort(new Error('gone'));

  await expect(pending).rejects.toThrow('gone');
  await expect(serve().getToken()).resolves.toMatchObject({ value: 'token-1' });
});

test('records no secret of a client', async () => {
  const { server, serve } = await start({ clients: { orders: 'a-s3cret' } });
  const { clientSecret: _secret, ...options } = server.options;
  for (const make of [clientSecretBasic, clientSecretPost, clientSecretJwt]) {
    await createTokenService({ ...options, clientAuthentication: make('a-s3cret') }).ready();
  }
  await serve().ready();

  const shown = [inspect(server.requests, { depth: 9 }), JSON.stringify(server.requests)].join();

  expect(shown).toContain('client_secret_post');
  expect(shown).not.toMatch(new RegExp(`a-s3cret|${Buffer.from('orders:a-s3cret').toString('base64')}|eyJ`));
});

test('is found by a marked http URL, and by its metadata members', async () => {
  const { server, serve } = await start({
    metadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] },
  });

  await serve({ issuer: dangerouslyAllowHttp(server.issuer) }).ready();

  expect(server.grants).toMatchObject([{ clientAuthentication: 'client_secret_post' }]);
});

test.each<[string, () => unknown, RegExp]>([
  ['an unknown option', () => fakeAuthorizationServer({ client: {} } as never), /no option "client"/],
  ['a number as secret', () => fakeAuthorizationServer({ clients: { a: 1 } } as never), /"clients"/],
  ['an unknown format', () => fakeAuthorizationServer({ tokenFormat: 'saml' } as never), /"tokenFormat".*"jwt"/],
])('rejects %s', async (_, make, message) => {
  await expect(make()).rejects.toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringMatching(message) });
});

test.each<[string, object, RegExp]>([
  ['an unknown member', { delay: 1 }, /no option "delay"; did you mean "delayMs"/],
  ['an unknown endpoint', { endpoint: 'login' }, /"endpoint"/],
  ['a status of 0', { status: 0 }, /"status"/],
  ['no times', { times: 0 }, /"times"/],
])('rejects an answer with %s', async (_, answer, message) => {
  const { server } = await start();

  expect(() => server.answer(answer as never)).toThrow(message);
});

test('a secret in a JSON body is read, and not recorded', async () => {
  const { server } = await start();
  const { clientId, clientSecret } = server.options;
  const body = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope: 'a' };

  const response = await fetch(`${server.issuer}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

  expect(response.status).toBe(200);
  expect(server.grants).toMatchObject([{ clientId, parameters: { scope: 'a', client_secret: '[redacted]' } }]);
  expect(inspect(server.requests, { depth: 9 })).not.toContain(clientSecret);
});
