import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

import { expect, test } from '@jest/globals';

import { readCredentials } from '../../../src/cli/settings/credentials.js';
import type { SettingName } from '../../../src/cli/settings/definitions.js';
import { commandContext, type CommandOptions } from '../../support/command.js';
import { credentialsOf, settingsOf } from '../../support/settings.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const read = (values: Partial<Record<SettingName, string>>, options?: CommandOptions) =>
  readCredentials(settingsOf(values), commandContext(options).context);

async function file(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'file');
  await writeFile(path, text);
  return path;
}

test('reads the secret from a setting, a file without its last newline, or stdin', async () => {
  expect(await read({ clientSecret: 'given' })).toEqual(credentialsOf({ secret: 'given' }));
  expect(await read({ clientSecretFile: await file('from file\n') })).toEqual(credentialsOf({ secret: 'from file' }));
  expect(await read({ clientSecretFile: '-' }, { stdin: 'from stdin\n' })).toEqual(
    credentialsOf({ secret: 'from stdin' }),
  );
});

test('reads key, certificate and assertion from files', async () => {
  const [keyFile, certificateFile, assertionFile] = [
    await file('key\n'),
    await file('certificate\n'),
    await file('jwt\n'),
  ];

  expect(await read({ keyFile, certificateFile })).toEqual(
    credentialsOf({ key: 'key\n', certificate: 'certificate\n' }),
  );
  expect(await read({ assertionFile })).toEqual(credentialsOf({ assertion: 'jwt' }));
});

test.each<[SettingName, string]>([
  ['clientSecretFile', 'the client secret'],
  ['keyFile', 'the private key'],
  ['certificateFile', 'the client certificate'],
  ['assertionFile', 'the client assertion'],
])('names a %s that cannot be read or is empty, and the setting', async (name, what) => {
  const others = name === 'certificateFile' ? { keyFile: await file('key') } : {};

  await expect(read({ ...others, [name]: '/tmp/nonexistent' })).rejects.toMatchObject({
    message: `${what} cannot be read from /tmp/nonexistent (ENOENT)`,
    advice: 'check test',
    exitCode: 2,
  });
  await expect(read({ ...others, [name]: await file('') })).rejects.toThrow(`${what} is empty`);
});

test('refuses an empty secret of stdin', async () => {
  await expect(read({ clientSecretFile: '-' })).rejects.toThrow('the client secret is empty');
});

test('prompts for the secret on a terminal', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const { context, stderr } = commandContext({ terminals: ['stderr'], context: { stdin } });

  const credentials = readCredentials(settingsOf({ clientId: 'orders' }), context);
  stdin.write('typed\n');

  expect((await credentials).secret).toBe('typed');
  expect(stripVTControlCharacters(stderr())).toBe('Secret of client "orders" (hidden): \n');
});

test.each<[Partial<Record<SettingName, string>>, string]>([
  [{}, 'OAUTH_CLIENT_SECRET or OAUTH_CLIENT_SECRET_FILE is missing'],
  [{ authMethod: 'client_secret_jwt' }, 'OAUTH_CLIENT_SECRET or OAUTH_CLIENT_SECRET_FILE is missing'],
  [{ authMethod: 'private_key_jwt', clientSecret: 's' }, 'OAUTH_KEY_FILE is missing'],
  [{ authMethod: 'tls_client_auth', keyFile: 'package.json' }, 'OAUTH_CERTIFICATE_FILE is missing'],
  [{ certificateFile: '/c' }, 'OAUTH_KEY_FILE is missing'],
  [{ authMethod: 'federated_assertion' }, 'OAUTH_ASSERTION_FILE is missing'],
])('names a missing setting without a terminal: %j [F5]', async (values, message) => {
  await expect(read(values)).rejects.toMatchObject({ message: expect.stringMatching(message), exitCode: 2 });
});
