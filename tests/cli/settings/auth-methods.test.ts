import { expect, test } from '@jest/globals';

import {
  authMethodName,
  authMethodOf,
  authMethods,
  isMutualTls,
  registeredName,
} from '../../../src/cli/settings/auth-methods.js';
import { authenticatorOf, type ClientAuthentication } from '../../../src/authentication/client-authentication.js';
import type { SettingName } from '../../../src/cli/settings/definitions.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { startAuthorizationServer } from '../../support/authorization-server.js';
import { assertionIn, parametersIn } from '../../support/client-assertions.js';
import { clientCertificates } from '../../support/client-certificates.js';
import { credentialsOf, settingsOf } from '../../support/settings.js';
import { signingKey } from '../../support/signing-keys.js';

const { first } = clientCertificates;

/** The token request of a method. */
async function requestBy(settings: Partial<Record<SettingName, string>>, some: Parameters<typeof credentialsOf>[0]) {
  const server = await startAuthorizationServer();
  const given = settingsOf(settings);
  const clientAuthentication = await authMethodOf(given).make(credentialsOf(some), given);
  await createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    clientId: 'orders',
    clientAuthentication,
  }).getToken();
  return server.grants[0];
}

test.each([
  ['client_secret_basic', 'Basic b3JkZXJzOmElMkJiIQ=='],
  ['client_secret_basic:form', 'Basic b3JkZXJzOmElMkJiJTIx'],
  ['client_secret_basic:raw', 'Basic b3JkZXJzOmErYiE='],
  ['client_secret_post', undefined],
])('%s sends the secret', async (authMethod, authorization) => {
  const request = await requestBy({ authMethod }, { secret: 'a+b!' });

  expect(request?.headers.authorization).toBe(authorization);
  expect(new URLSearchParams(request?.body).get('client_secret')).toBe(authorization ? null : 'a+b!');
});

test('without a name, sends the secret by the header if there is no metadata', async () => {
  expect((await requestBy({}, { secret: 's' }))?.headers.authorization).toMatch(/^Basic /);
});

test('client_secret_jwt signs with the secret, and does not send it', async () => {
  const request = await requestBy({ authMethod: 'client_secret_jwt' }, { secret: 'c4n4ry' });

  const { header, claims } = await assertionIn(request, Buffer.from('c4n4ry'));
  expect({ alg: header.alg, iss: claims.iss }).toEqual({ alg: 'HS256', iss: 'orders' });
  expect(request?.body).not.toContain('c4n4ry');
});

test('private_key_jwt signs with the key, under its id, by the algorithm [R-44]', async () => {
  const { pem, publicKey } = await signingKey('RS256');

  const request = await requestBy({ keyFile: '/key', keyId: 'k1', signingAlgorithm: 'PS384' }, { key: pem });

  expect((await assertionIn(request, publicKey)).header).toMatchObject({ alg: 'PS384', kid: 'k1' });
});

test('sends an assertion of another issuer unchanged', async () => {
  const request = await requestBy({ assertionFile: '/token' }, { assertion: 'from.somewhere.else' });

  expect(request && parametersIn(request)).toMatchObject({ client_id: 'orders', client_assertion: 'from.somewhere.else' }); // prettier-ignore
});

test.each<[string | undefined, Partial<Record<SettingName, string>>]>([
  [undefined, {}],
  [undefined, { clientSecretFile: '/s' }],
  [undefined, { clientSecret: 's', certificateFile: '/of-another-client' }],
  ['private_key_jwt', { keyFile: '/k' }],
  ['tls_client_auth', { keyFile: '/k', certificateFile: '/c' }],
  ['federated_assertion', { assertionFile: '/a' }],
  ['private_key_jwt', { keyFile: '/k', certificateFile: '/c', authMethod: 'private_key_jwt' }],
  ['client_secret_jwt', { clientSecret: 's', authMethod: 'client_secret_jwt' }],
])('uses %s with %j', (name, values) => {
  expect(authMethodName(settingsOf(values))).toBe(name);
  expect(isMutualTls(settingsOf(values))).toBe(name === 'tls_client_auth');
});

test.each(['wrong', 'toString'])('refuses the unknown client authentication %s', (authMethod) => {
  expect(() => authMethodOf(settingsOf({ authMethod }))).toThrow(
    expect.objectContaining({
      message: `the client authentication "${authMethod}" is unknown`,
      advice: expect.stringMatching(/^use one of client_secret_basic, .*federated_assertion$/),
      exitCode: 2,
    }),
  );
});

test('refuses "none", which the grant does not allow [R-12]', () => {
  expect(() => authMethodOf(settingsOf({ authMethod: 'none' }))).toThrow(
    '"none" cannot be used with the client credentials grant',
  );
});

test.each(['private_key_jwt', 'client_secret_jwt'])('%s has the audience of the setting [A48]', async (name) => {
  const { pem: key } = await signingKey('ES256');
  const assertionAudience = 'https://a/token';
  const authentication = await authMethods[name]?.make(
    credentialsOf({ key, secret: 's3cret' }),
    settingsOf({ assertionAudience }),
  );
  const { hint } = await authenticatorOf(authentication as ClientAuthentication).prepare('orders', {
    issuer: 'https://a',
  });

  expect(hint).toContain(`for the audience ${assertionAudience};`);
});

test('each method has a registered name', async () => {
  const { pem } = await signingKey('ES256');
  const all = { secret: 's', key: pem, assertion: 'a' };

  for (const [name, { make, needs }] of Object.entries(authMethods)) {
    const certificate = needs.includes('certificate') ? first : {};
    const authentication = await make(credentialsOf({ ...all, ...certificate }), {});
    const supported = { token_endpoint_auth_methods_supported: [registeredName(name)] };
    expect(registeredName(name)).toBe(
      (await authenticatorOf(authentication).prepare('orders', { issuer: 'https://a', ...supported })).method,
    );
  }
});
