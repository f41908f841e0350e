import { expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { OAuth2Server } from 'oauth2-mock-server';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { createTokenService } from '../../src/service/token-service.js';
import { cleanUp } from '../support/clean-up.js';
import { failureOf } from '../support/grant-outcome.js';
import { signingKey } from '../support/signing-keys.js';

const { pem } = await signingKey('ES256');
const awkward = 'a:b%c d+é-密';

/** Starts the server on a free port of this machine. */
async function startMockServer(): Promise<string> {
  const server = new OAuth2Server();
  await server.issuer.keys.generate('ES256');
  await server.start(0, '127.0.0.1');
  cleanUp(() => server.stop());
  return server.issuer.url as string;
}

test.each<[string, ClientAuthentication]>([
  ['clientSecretBasic', clientSecretBasic(awkward)],
  ['clientSecretPost', clientSecretPost(awkward)],
  ['clientSecretJwt', clientSecretJwt(awkward)],
  ['privateKeyJwt', privateKeyJwt({ key: pem })],
  ['federatedAssertion', federatedAssertion(() => 'an.assertion.of-another')],
])('oauth2-mock-server grants a token by %s', async (_name, clientAuthentication) => {
  const issuer = await startMockServer();
  const tokens = createTokenService({ tokenEndpoint: `${issuer}/token`, clientId: awkward, clientAuthentication });

  const token = await tokens.getToken({ scope: 'orders:read', parameters: { aud: 'orders' } });

  expect(token.scope).toBe('orders:read');
  expect(decodeJwt(token.value)).toMatchObject({ iss: issuer, scope: 'orders:read', aud: 'orders' });
});

test('oauth2-mock-server, whose metadata list only "none", gets no grant; the error says what to do [R-12 R-59]', async () => {
  const issuer = await startMockServer();

  const error = await failureOf(createTokenService({ issuer, clientId: 'orders', clientSecret: awkward }).getToken());

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toMatch(/its metadata list "none"; .*"tokenEndpoint" instead of "issuer"/);
});
