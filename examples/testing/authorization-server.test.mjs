// A real token service and a fake authorization server, on this machine. Copy it and run: node --test
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import { createTokenService } from 'm2m-tokens';
import { fakeAuthorizationServer } from 'm2m-tokens/testing';

async function start(t, options) {
  const server = await fakeAuthorizationServer(options);
  t.after(() => server.close());
  return { server, tokens: createTokenService({ ...server.options, scope: 'orders:read' }) };
}

test('the client authenticates, and asks for its scope', async (t) => {
  const { server, tokens } = await start(t);
  await tokens.ready();
  const [{ clientId, clientAuthentication, parameters }] = server.grants;
  assert.deepEqual([clientId, clientAuthentication], ['fake-client', 'client_secret_basic']);
  assert.equal(parameters.scope, 'orders:read');
});

test('an API verifies the token with the JWKS', async (t) => {
  const { server, tokens } = await start(t, { tokenFormat: 'jwt' });
  const { value } = await tokens.getToken();
  const { payload } = await jwtVerify(value, createRemoteJWKSet(new URL(server.jwksUri)), { issuer: server.issuer });
  assert.equal(payload.scope, 'orders:read');
});

test('an outage lets no call fail while the token is valid', async (t) => {
  const { server, tokens } = await start(t);
  await tokens.ready();
  server.answer({ status: 503, times: Infinity });
  server.clock.advance(3_500_000);
  assert.equal((await tokens.getToken()).value, 'token-1');
});
