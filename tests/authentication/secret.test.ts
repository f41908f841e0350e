import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import {
  whitespaceHint,
  fingerprintOf,
  keyFile,
  resolveSecret,
  type Secret,
  secretFile,
} from '../../src/authentication/secret.js';
import { GrantUnavailableError } from '../../src/core/errors.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { failureOf, granting } from '../support/grant-outcome.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A file with this content that is gone when the test ends. */
async function file(content: string): Promise<string> {
  const directory = await temporaryFolder();
  const path = join(directory, 'secret');
  await writeFile(path, content);
  return path;
}

test('resolves the secret for each grant [F1]', async () => {
  const server = await startAuthorizationServer();
  let version = 0;
  const rotating = async () => `secret-${(version += 1)}`;
  const { tokens } = granting({
    tokenEndpoint: server.tokenEndpoint,
    clientAuthentication: clientSecretPost(rotating),
  });

  await tokens.getToken();
  await tokens.getToken();

  expect(server.grants.map(({ body }) => new URLSearchParams(body).get('client_secret'))).toEqual([
    'secret-1',
    'secret-2',
  ]);
});

test('reads a secret file for each grant [F1]', async () => {
  const server = await startAuthorizationServer();
  const path = await file('before\n');
  const { tokens } = granting({
    tokenEndpoint: server.tokenEndpoint,
    clientAuthentication: clientSecretPost(secretFile(path)),
  });

  await tokens.getToken();
  await writeFile(path, 'after\n');
  await tokens.getToken();

  expect(server.grants.map(({ body }) => new URLSearchParams(body).get('client_secret'))).toEqual(['before', 'after']);
});

test.each([
  ['s3cret', 's3cret'],
  ['s3cret\n', 's3cret'],
  ['s3cret\r\n', 's3cret'],
  ['s3cret\n\n', 's3cret\n'],
  [' s3cret \n', ' s3cret '],
  ['two\nlines', 'two\nlines'],
])('takes one newline, and nothing else, off the end of a file: %j [F2]', async (content, expected) => {
  const path = await file(content);

  await expect(secretFile(path)()).resolves.toBe(expected);
});

test('a key file is read as it is, each time [F1]', async () => {
  const path = await file('-----BEGIN …\n\n');
  const read = keyFile(path);

  expect(await read()).toBe('-----BEGIN …\n\n');
  await writeFile(path, 'after');
  expect(await read()).toBe('after');
});

test.each([
  ['s3cret', 'none'],
  ['s3 cret', 'none'],
  [' s3cret', 'white space'],
  ['s3cret\n', 'white space'],
])('a refusal of %j is in doubt for %s [F2]', (secret, doubt) => {
  expect(whitespaceHint(secret) ?? 'none').toContain(doubt);
});

test('says which file is missing, and asks nobody', async () => {
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
])('refuses a function that returns %s', async (_what, secret) => {
  const error = await failureOf(resolveSecret(secret as Secret));

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toContain('the client secret is empty');
});

test.each<[string, () => Promise<string>]>([
  ['throws', () => { throw new Error('vault is sealed'); }], // prettier-ignore
  ['rejects', () => Promise.reject(new Error('vault is sealed'))],
])('keeps the reason of a function that %s', async (_what, secret) => {
  const error = await failureOf(resolveSecret(secret));

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(error).toMatchObject({ retryable: true, cause: { message: 'vault is sealed' } });
});

describe('the fingerprint by which a changed secret is noticed [D2]', () => {
  test('differs from secret to secret, and is the same for the same', async () => {
    const prints = await Promise.all(['one', 'two', 'one'].map((secret) => fingerprintOf(() => secret)));

    expect(prints[0]).not.toBe(prints[1]);
    expect(prints[0]).toBe(prints[2]);
  });

  test.each([['a string', 's3cret'] as const, ['a function', () => 's3cret'] as const])(
    'holds nothing of a secret that is %s',
    async (_what, secret) => {
      const print = await fingerprintOf(secret);

      for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
        expect(print).not.toContain(Buffer.from('s3cret').toString(encoding));
      }
    },
  );

  test('is always the same for one that cannot be read, and for one that cannot change', async () => {
    const sealed = () => Promise.reject(new Error('vault is sealed'));

    expect(await fingerprintOf(sealed)).toBe(await fingerprintOf(sealed));
    expect(await fingerprintOf('one')).toBe(await fingerprintOf('two'));
  });
});
