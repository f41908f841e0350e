import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { readSettings } from '../../src/cli/settings/settings.js';
import { openTokens } from '../../src/cli/token-source.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { commandContext, settingsFor } from '../support/command.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('asks the authorization server that the settings name, once', async () => {
  const server = await startAuthorizationServer();
  const { context } = commandContext({ environment: { ...settingsFor(server.tokenEndpoint), OAUTH_SCOPE: 'a b' } });

  const tokens = await openTokens(await readSettings({}, context), context);

  expect((await tokens.getToken()).value).toBe('token-1');
  expect((await tokens.getToken()).value).toBe('token-1');
  expect(server.grants.map(({ body }) => body)).toEqual(['scope=a+b&grant_type=client_credentials']);
});

test('with a cache the next run needs neither the server nor the secret', async () => {
  const server = await startAuthorizationServer();
  const { OAUTH_CLIENT_SECRET, ...rest } = settingsFor(server.tokenEndpoint) as { OAUTH_CLIENT_SECRET: string };
  const HOME = await temporaryFolder();
  const first = commandContext({ environment: { ...rest, HOME, OAUTH_CLIENT_SECRET } }).context;
  const second = commandContext({ environment: { ...rest, HOME } }).context;

  await (await openTokens(await readSettings({}, first), first, { cache: true })).getToken();
  const tokens = await openTokens(await readSettings({}, second), second, { cache: true });

  expect((await tokens.getToken()).value).toBe('token-1');
  expect(server.grants).toHaveLength(1);
});

test('a token that is kept is not used with another certificate [R-51]', async () => {
  const server = await startAuthorizationServer();
  const OAUTH_CERTIFICATE_FILE = join(await temporaryFolder(), 'certificate.pem');
  const changes = { OAUTH_AUTH_METHOD: 'client_secret_post', OAUTH_CERTIFICATE_FILE };
  const HOME = await temporaryFolder();
  const { context } = commandContext({ environment: { ...settingsFor(server.tokenEndpoint), ...changes, HOME } });
  const run = async () => (await openTokens(await readSettings({}, context), context, { cache: true })).getToken();

  await writeFile(OAUTH_CERTIFICATE_FILE, 'first');
  expect([(await run()).value, (await run()).value]).toEqual(['token-1', 'token-1']);
  await writeFile(OAUTH_CERTIFICATE_FILE, 'renewed');
  expect((await run()).value).toBe('token-2');
});

test('one that is bound to a key of the run is not to be kept [F7]', async () => {
  const { context } = commandContext({ environment: settingsFor('https://auth.example.com/token') });

  const opening = openTokens(await readSettings({ dpop: true }, context), context, { cache: true });

  await expect(opening).rejects.toMatchObject({ advice: 'leave --cache or --dpop out', exitCode: 2 });
});

test.each([
  ['OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing', { OAUTH_CLIENT_ID: 'orders' }],
  ['OAUTH_CLIENT_ID is missing', { OAUTH_ISSUER: 'https://auth.example.com' }],
])('%s: said before anybody is asked [F5]', async (message, environment) => {
  const { context } = commandContext({ environment });

  await expect(openTokens(await readSettings({}, context), context)).rejects.toThrow(message);
});
