import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import {
  settingsFromEnvFile,
  settingsFromEnvironment,
  settingsFromFlags,
  settingsFromProfile,
} from '../../../src/cli/settings/sources.js';
import { posixTest } from '../../support/posix-test.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

test('reads flags, and names them', () => {
  const { values, name } = settingsFromFlags({ clientId: 'orders', dpop: true, cache: true, minValidity: '60s' });

  expect(values).toEqual({ clientId: 'orders', dpop: 'true' });
  expect(name('clientId')).toBe('--client-id');
});

test('reads variables, and ignores empty ones', () => {
  const { values, name } = settingsFromEnvironment({ OAUTH_CLIENT_ID: 'orders', OAUTH_SCOPE: '', PATH: '/bin' });

  expect(values).toEqual({ clientId: 'orders' });
  expect(name('clientId')).toBe('environment OAUTH_CLIENT_ID');
});

test('reads an env file with comments and quotes', async () => {
  const path = join(await temporaryFolder(), '.env');
  await writeFile(path, '# the client\nOAUTH_CLIENT_ID=orders\nexport OAUTH_SCOPE="a b"\nOTHER=x\n');

  const { values, name } = await settingsFromEnvFile(path);

  expect(values).toEqual({ clientId: 'orders', scope: 'a b' });
  expect(name('scope')).toBe(`${path} OAUTH_SCOPE`);
});

test('fails without the env file', async () => {
  const path = join(await temporaryFolder(), '.env');

  await expect(settingsFromEnvFile(path)).rejects.toMatchObject({
    message: `the env file cannot be read from ${path} (ENOENT)`,
    advice: 'check --env',
    exitCode: 2,
  });
});

test('does not repeat a secret in place of an env file [F11]', async () => {
  await expect(settingsFromEnvFile('OAUTH_CLIENT_SECRET=c4n4ry')).rejects.toMatchObject({
    message: 'the env file cannot be read: --env is not the path of a file (ENOENT)',
    advice: expect.not.stringContaining('c4n4ry'),
  });
});

test.each([
  ['a byte order mark', Buffer.from('\ufeffOAUTH_CLIENT_ID=orders\r\nOAUTH_SCOPE=a\r\n')],
  ['UTF-16', Buffer.from('\ufeffOAUTH_CLIENT_ID=orders\r\nOAUTH_SCOPE=a\r\n', 'utf16le')],
])('reads an env file with %s [F12]', async (_, bytes) => {
  const path = join(await temporaryFolder(), '.env');
  await writeFile(path, bytes);

  expect((await settingsFromEnvFile(path)).values).toEqual({ clientId: 'orders', scope: 'a' });
});

test('reads no line of an env file as the value of the line before [F12]', async () => {
  const path = join(await temporaryFolder(), '.env');
  await writeFile(path, 'OAUTH_ISSUER=\rOAUTH_CLIENT_SECRET=c4n4ry\rOAUTH_SCOPE=a');

  expect((await settingsFromEnvFile(path)).values).toEqual({ clientSecret: 'c4n4ry', scope: 'a' });
});

test('reads parameters from flags, the environment and a profile', async () => {
  const form = 'tenant=a+b&instance=%26';

  expect(settingsFromFlags({ parameter: ['tenant=a b', 'instance=&'] }).values).toEqual({ parameter: form });
  expect(settingsFromEnvironment({ OAUTH_PARAMETER: form }).values).toEqual({ parameter: form });
});

test.each(['c4n4ry', '=c4n4ry'])('does not repeat a malformed parameter: %s', (parameter) => {
  expect(() => settingsFromFlags({ parameter: [parameter] })).toThrow(/^a --parameter is malformed$/);
});

describe('a profile', () => {
  async function profiles(text: string | Buffer, mode = 0o600) {
    const HOME = await temporaryFolder();
    const path = join(HOME, '.config/m2m-tokens/profiles.json');
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    await chmod(path, mode);
    return { env: { HOME }, path };
  }

  test('is a member of the file of profiles', async () => {
    const { env } = await profiles('{"staging": {"issuer": "https://auth.example.com", "clientId": "orders"}}');

    const { values, name } = await settingsFromProfile('staging', env);

    expect(values).toEqual({ issuer: 'https://auth.example.com', clientId: 'orders' });
    expect(name('issuer')).toBe('profile staging');
  });

  posixTest('is refused if others can read the file', async () => {
    const { env, path } = await profiles('{"staging": {}}', 0o644);

    await expect(settingsFromProfile('staging', env)).rejects.toMatchObject({
      name: 'PrivateFileError',
      advice: `chmod 600 ${path}`,
    });
  });

  test.each([
    ['production', '{"staging": {}, "test": {}}', 'has no profile "production"', 'its profiles: staging, test'],
    ['toString', '{}', 'has no profile "toString"', 'its profiles: none'],
    ['staging', 'issuer=x', 'is not a JSON object', 'write an object with a member per profile'],
  ])('that is missing is an error: %s of %s', async (profile, text, message, advice) => {
    const { env, path } = await profiles(text);

    await expect(settingsFromProfile(profile, env)).rejects.toMatchObject({ message: `${path} ${message}`, advice });
  });

  test('in a missing file is an error with an example', async () => {
    await expect(settingsFromProfile('staging', { HOME: '/nonexistent' })).rejects.toMatchObject({
      message: `${join('/nonexistent/.config/m2m-tokens/profiles.json')} does not exist`,
      advice: expect.stringContaining('{"staging": {"issuer"'),
    });
  });

  test('with a misspelt setting is refused with the nearest name [F10]', async () => {
    const { env, path } = await profiles('{"staging": {"clientID": "orders"}}');

    await expect(settingsFromProfile('staging', env)).rejects.toMatchObject({
      message: expect.stringContaining('did you mean "clientId"?'),
      advice: `correct ${path}`,
      exitCode: 2,
    });
  });

  test('can begin with a byte order mark, or be in UTF-16 [F12]', async () => {
    const text = '\ufeff{"staging": {"clientId": "orders"}}';
    for (const bytes of [Buffer.from(text), Buffer.from(text, 'utf16le')]) {
      const { env } = await profiles(bytes);
      expect((await settingsFromProfile('staging', env)).values).toEqual({ clientId: 'orders' });
    }
  });

  test('has parameters as an object of strings', async () => {
    const { env } = await profiles(
      '{"staging": {"parameter": {"tenant": "a b"}}, "test": {"parameter": {"tenant": 1}}}',
    );

    expect((await settingsFromProfile('staging', env)).values).toEqual({ parameter: 'tenant=a+b' });
    await expect(settingsFromProfile('test', env)).rejects.toThrow('must be an object of strings');
  });

  test.each([true, 'true'])('has a switch as %j', async (dpop) => {
    const { env } = await profiles(JSON.stringify({ staging: { dpop } }));

    expect((await settingsFromProfile('staging', env)).values).toEqual({ dpop: 'true' });
  });

  test.each(['yes', 1])('with %j for a switch is refused', async (dpop) => {
    const { env } = await profiles(JSON.stringify({ staging: { dpop } }));

    await expect(settingsFromProfile('staging', env)).rejects.toThrow('must be "true" or "false"');
  });

  test('with a value that is not a text is refused', async () => {
    const { env } = await profiles('{"staging": {"scope": ["a"]}}');

    await expect(settingsFromProfile('staging', env)).rejects.toThrow(
      '"scope" of profile "staging" must be a non-empty string',
    );
  });
});
