import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { readSettings } from '../../src/cli/settings/settings.js';
import { openTokenSource } from '../../src/cli/token-source.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { commandContext, settingsFor } from '../support/command.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('requests one token from the authorization server of the settings', async () => {
  const server = await startAuthorizationServer();
  const { context } = commandContext({ environment: { ...settingsFor(server.tokenEndpoint), OAUTH_SCOPE: 'a b' } });

  const tokens = await openTokenSource(await readSettings({}, context), context);

  expect((await tokens.getToken()).value).toBe('token-1');
  expect((await tokens.getToken()).value).toBe('token-1');
  expect(server.grants.map(({ body }) => body)).toEqual(['scope=a+b&grant_type=client_credentials']);
});

test('with a cache, the next run needs neither the server nor the secret', async () => {
  const server = await startAuthorizationServer();
  const { OAUTH_CLIENT_SECRET, ...rest } = settingsFor(server.tokenEndpoint) as { OAUTH_CLIENT_SECRET: string };
  const HOME = await temporaryFolder();
  const first = commandContext({ environment: { ...rest, HOME, OAUTH_CLIENT_SECRET } }).context;
  const second = commandContext({ environment: { ...rest, HOME } }).context;

  await (await openTokenSource(await readSettings({}, first), first, { cache: true })).getToken();
  const tokens = await openTokenSource(await readSettings({}, second), second, { cache: true });

  expect((await tokens.getToken()).value).toBe('token-1');
  expect(server.grants).toHaveLength(1);
});

test('does not use a cached token with another certificate [R-51]', async () => {
  const server = await startAuthorizationServer();
  const OAUTH_CERTIFICATE_FILE = join(await temporaryFolder(), 'certificate.pem');
  const changes = { OAUTH_AUTH_METHOD: 'client_secret_post', OAUTH_CERTIFICATE_FILE };
  const HOME = await temporaryFolder();
  const { context } = commandContext({ environment: { ...settingsFor(server.tokenEndpoint), ...changes, HOME } });
  const run = async () => (await openTokenSource(await readSettings({}, context), context, { cache: true })).getToken();

  await writeFile(OAUTH_CERTIFICATE_FILE, 'first');
  expect([(await run()).value, (await run()).value]).toEqual(['token-1', 'token-1']);
  await writeFile(OAUTH_CERTIFICATE_FILE, 'renewed');
  expect((await run()).value).toBe('token-2');
});

test('refuses to cache a DPoP token, whose key ends with the run [F7]', async () => {
  const { context } = commandContext({ environment: settingsFor('https://auth.example.com/token') });

  const opening = openTokenSource(await readSettings({ dpop: true }, context), context, { cache: true });

  await expect(opening).rejects.toMatchObject({ advice: 'leave --cache or --dpop out', exitCode: 2 });
});

test.each([
  ['OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing', { OAUTH_CLIENT_ID: 'orders' }],
  ['OAUTH_CLIENT_ID is missing', { OAUTH_ISSUER: 'https://auth.example.com' }],
])('fails before any request: %s [F5]', async (message, environment) => {
  const { context } = commandContext({ environment });

  await expect(openTokenSource(await readSettings({}, context), context)).rejects.toThrow(message);
});
