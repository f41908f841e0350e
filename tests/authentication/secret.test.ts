import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { keyFile, type Secret, secretFile } from '../../src/authentication/secret.js';
import { GrantUnavailableError } from '../../src/core/errors.js';
import { refused, startAuthorizationServer } from '../support/authorization-server.js';
import { granting } from '../support/grant-outcome.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Creates a file with this content that is deleted when the test ends. */
async function file(content: string): Promise<string> {
  const directory = await temporaryFolder();
  const path = join(directory, 'secret');
  await writeFile(path, content);
  return path;
}

/** A client with this secret, at a server that records the secrets. */
async function clientWith(secret: Secret) {
  const server = await startAuthorizationServer();
  const clientAuthentication = clientSecretPost(secret);
  const client = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
  const secrets = () => server.grants.map(({ body }) => new URLSearchParams(body).get('client_secret'));
  return { server, secrets, ...client };
}

test('the secret is resolved for each grant [F1]', async () => {
  let version = 0;
  const { tokens, secrets } = await clientWith(async () => `secret-${(version += 1)}`);

  await tokens.getToken();
  await tokens.getToken();

  expect(secrets()).toEqual(['secret-1', 'secret-2']);
});

test('a secret file is read for each grant [F1]', async () => {
  const path = await file('before\n');
  const { tokens, secrets } = await clientWith(secretFile(path));

  await tokens.getToken();
  await writeFile(path, 'after\n');
  await tokens.getToken();

  expect(secrets()).toEqual(['before', 'after']);
});

test.each([
  ['s3cret', 's3cret'],
  ['s3cret\n', 's3cret'],
  ['s3cret\r\n', 's3cret'],
  ['s3cret\n\n', 's3cret\n'],
  [' s3cret \n', ' s3cret '],
  ['two\nlines', 'two\nlines'],
])('one newline, and nothing else, is removed from the end of a file: %j [F2]', async (content, expected) => {
  const path = await file(content);

  await expect(secretFile(path)()).resolves.toBe(expected);
});

test('a key file is read unchanged, each time [F1]', async () => {
  const path = await file('-----BEGIN …\n\n');
  const read = keyFile(path);

  expect(await read()).toBe('-----BEGIN …\n\n');
  await writeFile(path, 'after');
  expect(await read()).toBe('after');
});

test.each([
  ['s3cret', false],
  ['s3 cret', false],
  [' s3cret', true],
  ['s3cret\n', true],
])('the rejection of %j mentions white space: %p [F2]', async (secret, isMentioned) => {
  const { server, failure } = await clientWith(secret);
  server.script(refused('invalid_client', { status: 401 }));

  const message = String(await failure());

  expect(message.includes('the secret begins or ends with white space')).toBe(isMentioned);
});

test('a missing file is named, and nothing is sent', async () => {
  const server = await startAuthorizationServer();
  const path = join(tmpdir(), 'm2m-tokens-no-such-file');
  const { failure } = granting({
    tokenEndpoint: server.tokenEndpoint,
    clientAuthentication: clientSecretBasic(secretFile(path)),
  });

  const error = await failure();

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(error).toMatchObject({
    message: expect.stringContaining('the client secret could not be read'),
    cause: { code: 'ENOENT', message: expect.stringContaining(path) },
  });
  expect(server.requests).toEqual([]);
});

test.each<[string, () => unknown]>([
  ['an empty string', () => ''],
  ['undefined', () => undefined],
  ['a promise of null', async () => null],
  ['a number', () => 5],
])('a function that returns %s is an error', async (_what, secret) => {
  const { failure } = await clientWith(secret as Secret);

  const error = await failure();

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toContain('the client secret is empty');
});

test.each<[string, () => Promise<string>]>([
  ['throws', () => { throw new Error('vault is sealed'); }], // prettier-ignore
  ['rejects', () => Promise.reject(new Error('vault is sealed'))],
])('the error of a function that %s is the cause of the error', async (_what, secret) => {
  const { failure } = await clientWith(secret);

  const error = await failure();

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(error).toMatchObject({ retryable: true, cause: { message: 'vault is sealed' } });
});

describe('the fingerprint of a secret [D2]', () => {
  const fingerprintOf = (secret: Secret): Promise<string> => clientSecretPost(secret).fingerprint();

  test('differs from secret to secret, and is the same for the same secret', async () => {
    const prints = await Promise.all(['one', 'two', 'one'].map((secret) => fingerprintOf(() => secret)));

    expect(prints[0]).not.toBe(prints[1]);
    expect(prints[0]).toBe(prints[2]);
  });

  test.each([['a string', 's3cret'] as const, ['a function', () => 's3cret'] as const])(
    'does not reveal a secret that is %s',
    async (_what, secret) => {
      const print = await fingerprintOf(secret);

      for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
        expect(print).not.toContain(Buffer.from('s3cret').toString(encoding));
      }
    },
  );

  test('is constant for an unreadable secret, and for a fixed one', async () => {
    const sealed = () => Promise.reject(new Error('vault is sealed'));

    expect(await fingerprintOf(sealed)).toBe(await fingerprintOf(sealed));
    expect(await fingerprintOf('one')).toBe(await fingerprintOf('two'));
  });
});
