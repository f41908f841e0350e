import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { inspect, stripVTControlCharacters } from 'node:util';

import { expect, test } from '@jest/globals';

import { readCheckedCredentials, readCredentials } from '../../../src/cli/settings/credentials.js';
import type { SettingName } from '../../../src/cli/settings/definitions.js';
import { commandContext, type CommandOptions } from '../../support/command.js';
import { credentialsOf, settingsOf } from '../../support/settings.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const read = (values: Partial<Record<SettingName, string>>, options?: CommandOptions) =>
  readCredentials(settingsOf(values), commandContext(options).context);

async function file(text: string | Buffer): Promise<string> {
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

const fileSettings: readonly [SettingName, string][] = [
  ['clientSecretFile', 'the client secret'],
  ['keyFile', 'the private key'],
  ['certificateFile', 'the client certificate'],
  ['assertionFile', 'the client assertion'],
];

/** Reads a file setting; a certificate needs a key beside it. */
const readFileSetting = async (name: SettingName, path: string) =>
  read({ ...(name === 'certificateFile' && { keyFile: await file('key') }), [name]: path });

test.each(fileSettings)('names a %s that cannot be read or is empty, and the setting', async (name, what) => {
  const missing = join(await temporaryFolder(), 'missing');

  await expect(readFileSetting(name, missing)).rejects.toMatchObject({
    message: `${what} cannot be read from ${missing} (ENOENT)`,
    advice: 'check test',
    exitCode: 2,
  });
  await expect(readFileSetting(name, await file(''))).rejects.toThrow(`${what} is empty`);
});

test.each(fileSettings)('does not repeat a secret in place of a %s [F11]', async (name, what) => {
  for (const secret of ['c4n4ry', 'c4n4ry/+==', '-----BEGIN PRIVATE KEY-----\nc4n4ry/c4n4ry', 'c4n4ry'.repeat(1_000)]) {
    const error = await readFileSetting(name, secret).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      message: expect.stringMatching(`^${what} cannot be read: test is not the path of a file \\(E[A-Z]+\\)$`),
      exitCode: 2,
    });
    expect(inspect(error, { depth: null })).not.toContain('c4n4ry');
  }
});

test.each([
  ['a byte order mark', Buffer.from('\ufeffs3cret\r\n')],
  ['UTF-16, little-endian', Buffer.from('\ufeffs3cret\r\n', 'utf16le')],
  ['UTF-16, big-endian', Buffer.from('\ufeffs3cret\r\n', 'utf16le').swap16()],
])('reads a file with %s [F12]', async (_, bytes) => {
  expect((await read({ clientSecretFile: await file(bytes) })).secret).toBe('s3cret');
  expect((await read({ assertionFile: await file(bytes) })).assertion).toBe('s3cret');
  expect((await read({ clientSecretFile: '-' }, { stdin: bytes })).secret).toBe('s3cret');
});

test.each([
  [
    'UTF-16 without a mark',
    Buffer.from('c4n4ry', 'utf16le'),
    'contains zero bytes, as UTF-16 without a byte order mark does',
  ],
  ['another encoding', Buffer.from('c4n4ry\u00e9', 'latin1'), 'is not text in UTF-8'],
])('names a file in %s, and does not repeat it [F12]', async (_, bytes, flaw) => {
  for (const [name] of fileSettings) {
    const path = await file(bytes);
    await expect(readFileSetting(name, path)).rejects.toMatchObject({ message: `${path} ${flaw}`, exitCode: 2 });
  }
});

test.each([
  ['jwt ', 'ends with a space'],
  ['jwt\r', 'ends with a carriage return'],
  ['jwt\n\n', 'ends with a line feed'],
  ['\tjwt', 'begins with a tab'],
  ['jwt\u00a0', 'ends with a no-break space'],
])('names the blank around an assertion: %j [F12]', async (text, flaw) => {
  const path = await file(text);

  await expect(read({ assertionFile: path })).rejects.toThrow(`the client assertion from ${path} ${flaw}`);
});

test('warns about a blank around the secret, and names its source [F2 F12]', async () => {
  const path = await file('s3cret \n');
  const { context, stderr } = commandContext();

  const { secret } = await readCheckedCredentials(settingsOf({ clientSecretFile: path }), context);

  expect(secret).toBe('s3cret ');
  expect(stderr()).toBe(`m2m: the client secret from ${path} ends with a space, which is sent as part of the secret\n`);
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
  [{ authMethod: 'federated_assertion' }, 'OAUTH_ASSERTION_FILE or OAUTH_IDENTITY is missing'],
  [{ grant: 'jwt_bearer' }, 'OAUTH_ASSERTION_FILE or OAUTH_IDENTITY is missing'],
  [{ grant: 'token_exchange' }, 'OAUTH_SUBJECT_TOKEN_FILE or OAUTH_IDENTITY is missing'],
])('names a missing setting without a terminal: %j [F5]', async (values, message) => {
  await expect(read(values)).rejects.toMatchObject({ message: expect.stringMatching(message), exitCode: 2 });
});
