import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { readSettings, requiredServer, requiredSetting } from '../../../src/cli/settings/settings.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

test('flags override the env file, the env file the profile, the profile the environment', async () => {
  const HOME = await temporaryFolder();
  const envFile = join(HOME, 'orders.env');
  await mkdir(join(HOME, '.config/m2m-tokens'), { recursive: true });
  const profiles = { p: { clientId: 'profile', scope: 'profile', audience: 'profile' } };
  await writeFile(join(HOME, '.config/m2m-tokens/profiles.json'), JSON.stringify(profiles), { mode: 0o600 });
  await writeFile(envFile, 'OAUTH_CLIENT_ID=file\nOAUTH_SCOPE=file\n');
  const env = { HOME, OAUTH_CLIENT_ID: 'e', OAUTH_SCOPE: 'e', OAUTH_AUDIENCE: 'e', OAUTH_ISSUER: 'https://e' };

  const settings = await readSettings({ clientId: 'flag', envFile, profile: 'p' }, { env });

  expect(settings).toEqual({
    clientId: { value: 'flag', source: '--client-id' },
    scope: { value: 'file', source: `${envFile} OAUTH_SCOPE` },
    audience: { value: 'profile', source: 'profile p' },
    issuer: { value: 'https://e', source: 'environment OAUTH_ISSUER' },
  });
});

test('an earlier source hides settings that it excludes', async () => {
  const env = { OAUTH_ISSUER: 'https://e', OAUTH_CLIENT_SECRET: 'e', OAUTH_CLIENT_SECRET_FILE: '' };

  const settings = await readSettings({ tokenEndpoint: 'https://f/token', clientSecretFile: '/f' }, { env });

  expect(Object.keys(settings)).toEqual(['tokenEndpoint', 'clientSecretFile']);
});

test('a key of an earlier source hides the secret of a later one', async () => {
  const env = { OAUTH_CLIENT_SECRET: 'e', OAUTH_CERTIFICATE_FILE: '/c' };

  expect(Object.keys(await readSettings({ keyFile: '/k' }, { env }))).toEqual(['keyFile', 'certificateFile']);
});

test('refuses settings that exclude each other in one source', async () => {
  const env = { OAUTH_CLIENT_SECRET: 'c4n4ry', OAUTH_CLIENT_SECRET_FILE: '/f' };

  await expect(readSettings({}, { env })).rejects.toMatchObject({
    message: 'environment OAUTH_CLIENT_SECRET and environment OAUTH_CLIENT_SECRET_FILE cannot be combined',
    exitCode: 2,
  });
});

test('names a missing setting and how to set it [F5]', () => {
  expect(() => requiredSetting({}, 'clientId')).toThrow('OAUTH_CLIENT_ID is missing');
  expect(() => requiredServer({})).toThrow(
    expect.objectContaining({
      message: 'OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing',
      advice: 'set OAUTH_ISSUER, --issuer, OAUTH_TOKEN_ENDPOINT, --token-endpoint, or a profile',
    }),
  );
});

test('returns the value of a required setting', () => {
  expect(requiredSetting({ clientId: { value: 'orders', source: '' } }, 'clientId')).toBe('orders');
  expect(requiredServer({ tokenEndpoint: { value: 'https://a/token', source: '' } })).toBe('https://a/token');
});
