import { PassThrough } from 'node:stream';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import {
  authMethods,
  clientSecret,
  registeredName,
  serviceOptions,
} from '../../../src/cli/settings/service-options.js';
import type { Settings } from '../../../src/cli/settings/settings.js';
import { createTokenService } from '../../../src/token-service.js';
import { startAuthorizationServer } from '../../support/authorization-server.js';
import { commandContext } from '../../support/command.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const settings = (values: Record<string, string>): Settings =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, source: 'test' }]));

test('the settings become options of the library', () => {
  const { clientAuthentication, ...options } = serviceOptions(
    settings({
      issuer: 'https://a',
      clientId: 'orders',
      scope: 'a  b',
      audience: 'x',
      resource: 'https://b https://c',
    }),
    's',
  );

  expect(options).toEqual({
    issuer: 'https://a',
    clientId: 'orders',
    scope: ['a', 'b'],
    audience: ['x'],
    resource: ['https://b', 'https://c'],
  });
  expect(clientAuthentication).toBeDefined();
});

test.each([
  ['client_secret_basic', 'Basic b3JkZXJzOmElMkJiIQ=='],
  ['client_secret_basic:form', 'Basic b3JkZXJzOmElMkJiJTIx'],
  ['client_secret_basic:raw', 'Basic b3JkZXJzOmErYiE='],
  ['client_secret_post', undefined],
])('%s is how the secret is sent', async (authMethod, authorization) => {
  const server = await startAuthorizationServer();
  const values = { tokenEndpoint: server.tokenEndpoint, clientId: 'orders', authMethod };

  await createTokenService(serviceOptions(settings(values), 'a+b!')).getToken();

  expect(server.grants.map(({ headers }) => headers.authorization)).toEqual([authorization]);
  expect(new URLSearchParams(server.grants[0]?.body).get('client_secret')).toBe(authorization ? null : 'a+b!');
});

test('there is no other client authentication, not by a name of JavaScript either', () => {
  for (const authMethod of ['client_secret_jwt', 'toString']) {
    expect(() => serviceOptions(settings({ clientId: 'orders', authMethod }), 's')).toThrow(
      `there is no client authentication "${authMethod}"`,
    );
  }
});

test('each method has a registered name', async () => {
  for (const [name, make] of Object.entries(authMethods)) {
    const { method } = await make('s').prepare('orders', { issuer: 'https://a' });
    expect(registeredName(name)).toBe(method);
  }
});

test('the secret comes from a setting, or a file without its last newline', async () => {
  const path = join(await temporaryFolder(), 'secret');
  await writeFile(path, 'from file\n');
  const { context } = commandContext();

  expect(await clientSecret(settings({ clientSecret: 'given' }), context)).toBe('given');
  expect(await clientSecret(settings({ clientSecretFile: path }), context)).toBe('from file');
});

test('a file that cannot be read is named, and the setting that names it', async () => {
  const { context } = commandContext();

  await expect(clientSecret(settings({ clientSecretFile: '/nonexistent' }), context)).rejects.toMatchObject({
    message: 'the client secret cannot be read from /nonexistent (ENOENT)',
    advice: 'check test',
    exitCode: 2,
  });
});

test('it comes from stdin when the file is called -', async () => {
  const { context } = commandContext({ stdin: 'from stdin\n' });

  expect(await clientSecret(settings({ clientSecretFile: '-' }), context)).toBe('from stdin');
});

test('an empty stdin is no secret', async () => {
  const { context } = commandContext();

  await expect(clientSecret(settings({ clientSecretFile: '-' }), context)).rejects.toThrow(
    'the client secret is empty',
  );
});

test('whoever sits at a terminal is asked', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const { context, stderr } = commandContext({ terminals: ['stderr'], context: { stdin } });

  const secret = clientSecret(settings({ clientId: 'orders' }), context);
  stdin.write('typed\n');

  expect(await secret).toBe('typed');
  expect(stderr()).toBe('Secret of client "orders" (not shown): \n');
});

test('F5 where nobody can be asked the missing secret is named', async () => {
  const { context } = commandContext();

  await expect(clientSecret({}, context)).rejects.toThrow('OAUTH_CLIENT_SECRET or OAUTH_CLIENT_SECRET_FILE is missing');
});
