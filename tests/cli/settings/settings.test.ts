import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { readSettings, requiredServer, requiredSetting } from '../../../src/cli/settings/settings.js';
import { posixTest } from '../../support/posix-test.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

test('flags override the env file, the env file the profile, the profile the environment', async () => {
  const HOME = await temporaryFolder();
  const envFile = join(HOME, 'orders.env');
  await mkdir(join(HOME, '.config/m2m-tokens'), { recursive: true });
  const profiles = { p: { clientId: 'profile', scope: 'profile', audience: 'profile' } };
  await writeFile(join(HOME, '.config/m2m-tokens/profiles.json'), JSON.stringify(profiles), { mode: 0o600 });
  await writeFile(envFile, 'OAUTH_CLIENT_ID=file\nOAUTH_SCOPE=file\n');
  const env = { HOME, OAUTH_CLIENT_ID: 'e', OAUTH_SCOPE: 'e', OAUTH_AUDIENCE: 'e', OAUTH_ISSUER: 'https://e' };

  const settings = await readSettings({ clientId: 'flag', env: envFile, profile: 'p' }, { env });

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

test.each([
  ['OAUTH_CLIENT_ID', 'c4n4ry ', 'ends with a space'],
  ['OAUTH_CLIENT_ID', 'c4n4ry\r', 'ends with a carriage return'],
  ['OAUTH_ISSUER', '\nhttps://c4n4ry', 'begins with a line feed'],
  ['OAUTH_TOKEN_ENDPOINT', 'https://c4n4ry\u200b', 'ends with a zero-width space'],
  ['OAUTH_KEY_ID', 'c4n4\u0007ry', 'contains the character U+0007'],
])('names the blank or the control character in %s: %j [F12]', async (variable, value, flaw) => {
  await expect(readSettings({}, { env: { [variable]: value } })).rejects.toMatchObject({
    message: `environment ${variable} ${flaw}`,
    advice: 'remove it',
    exitCode: 2,
  });
});

posixTest('names the blank after a path, and says nothing about a key in place of one [F11 F12]', async () => {
  const path = join(await temporaryFolder(), 'key.pem\r');
  const pem = '-----BEGIN PRIVATE KEY-----\nc4n4ry\n-----END PRIVATE KEY-----\n';

  await expect(readSettings({ keyFile: path }, { env: {} })).rejects.toThrow('--key-file ends with a carriage return');
  expect((await readSettings({ keyFile: pem }, { env: {} })).keyFile?.value).toBe(pem);
});

test('skips a byte order mark [F12]', async () => {
  const { clientId, clientSecret } = await readSettings(
    {},
    { env: { OAUTH_CLIENT_ID: '\ufefforders', OAUTH_CLIENT_SECRET: '\ufeffs3cret ' } },
  );

  expect([clientId?.value, clientSecret?.value]).toEqual(['orders', 's3cret ']);
});

test.each(['https://orders:c4n4ry@auth.example.com', 'https://c4n4ry@auth.example.com', 'https://orders:c4n/4ry@auth'])(
  'refuses a URL with credentials, and does not repeat it: %s [F15]',
  async (url) => {
    for (const variable of ['OAUTH_ISSUER', 'OAUTH_TOKEN_ENDPOINT', 'OAUTH_REVOCATION_ENDPOINT']) {
      await expect(readSettings({}, { env: { [variable]: url } })).rejects.toMatchObject({
        message: `the URL of environment ${variable} contains credentials`,
        exitCode: 2,
      });
    }
  },
);

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
