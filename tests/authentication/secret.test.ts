import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { authenticatorOf } from '../../src/authentication/client-authentication.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { fromFile, type Secret } from '../../src/authentication/secret.js';
import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import { refused, startAuthorizationServer } from '../support/authorization-server.js';
import { allThatPrints, failureOf, granting, linesThatShow } from '../support/grant-outcome.js';
import { signingKey } from '../support/signing-keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Creates a file with this content that is deleted when the test ends. */
async function file(content: string | Buffer): Promise<string> {
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
  const { tokens, secrets } = await clientWith(fromFile(path));

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

  await expect(fromFile(path)()).resolves.toBe(expected);
});

test('a file is read each time [F1]', async () => {
  const path = await file('before');
  const read = fromFile(path);

  expect(await read()).toBe('before');
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

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

test.each([
  ['a byte order mark', '\ufeffs3cret\n', 's3cret'],
  ['a byte order mark and a Windows line ending', '\ufeffs3cret\r\n', 's3cret'],
])('%s in a file is skipped [F12]', async (_what, content, expected) => {
  const path = await file(content);

  await expect(fromFile(path)()).resolves.toBe(expected);
});

test.each([
  ['with a byte order mark', Buffer.concat([Buffer.of(0xff, 0xfe), utf16('s3cret')]), 'is encoded in UTF-16'],
  ['of the other byte order', Buffer.concat([Buffer.of(0xfe, 0xff), utf16('s3cret').swap16()]), 'is encoded in UTF-16'],
  ['without one', utf16('s3cret'), 'contains null bytes'],
])('a file in UTF-16 %s is refused, and the message names it [F12]', async (_what, content, flaw) => {
  const path = await file(content);

  const error = await failureOf(fromFile(path)());

  expect(error).toMatchObject({ message: `the file ${path} ${flaw}; save it as UTF-8`, path });
  expect(linesThatShow('s3cret', error)).toEqual([]);
});

test.each([
  ['s3cret\r', 'ends with a carriage return'],
  ['s3cret\n\n', 'ends with a line feed'],
  ['s3cret \n', 'ends with a space'],
  ['s3cret\t', 'ends with a tab'],
  ['s3cret\u00a0', 'ends with a no-break space'],
  ['\u2003s3cret', 'begins with the character U+2003'],
  ['s3\u0007cret', 'contains the character U+0007'],
  ['s3\ncret', 'contains a line feed'],
])(
  'the rejection of the secret in a file with %j names the file and the blank: it %s [F12]',
  async (content, blank) => {
    const path = await file(content);
    for (const make of [clientSecretPost, clientSecretBasic, clientSecretJwt]) {
      const server = await startAuthorizationServer();
      server.script(refused('invalid_client', { status: 401 }));
      const { failure } = granting({
        tokenEndpoint: server.tokenEndpoint,
        clientAuthentication: make(fromFile(path)),
      });

      const error = await failure();

      expect(String(error)).toContain(`${blank}; check the file ${path}`);
      expect(String(error)).toMatch(/^[\x20-\x7e…§]+$/);
      expect(linesThatShow('s3cret', error)).toEqual([]);
    }
  },
);

test('the rejection of an assertion in a file names the file and the blank [F12]', async () => {
  const path = await file('e30.e30.e30 \n');
  const server = await startAuthorizationServer();
  server.script(refused('invalid_client', { status: 401 }));
  const { failure } = granting({
    tokenEndpoint: server.tokenEndpoint,
    clientAuthentication: federatedAssertion(fromFile(path)),
  });

  expect(String(await failure())).toContain(
    `the assertion begins or ends with white space: it ends with a space; check the file ${path}`,
  );
});

const pem = (await signingKey()).pem;

test.each([
  ['a secret', 's3cret-c4n4ry'],
  ['a secret with a slash', 's3cret/c4n4ry+x=='],
  ['a secret that begins with a slash', '/s3cret-c4n4ry'],
  ['a secret that begins with two folders', '/s3cret/c4n4ry/x'],
  ['a long secret', 's3cret-c4n4ry'.repeat(1_000)],
  ['a secret with a null byte', 's3cret-c4n4ry\0'],
  ['a secret below a file', `${import.meta.filename}/s3cret-c4n4ry`],
  ['a key', pem],
  ['a JWK', JSON.stringify({ kty: 'oct', k: 's3cret-c4n4ry' })],
  ['an assertion', 'e30.s3cret-c4n4ry.e30'],
])('%s in place of a path is repeated nowhere [F11]', async (_what, given) => {
  const server = await startAuthorizationServer();
  const { tokenEndpoint } = server;
  const failures = await Promise.all([
    failureOf(fromFile(given)()),
    granting({ tokenEndpoint, clientAuthentication: clientSecretBasic(fromFile(given)) }).failure(),
    granting({ tokenEndpoint, clientAuthentication: privateKeyJwt({ key: fromFile(given) }) }).failure(),
    granting({ tokenEndpoint, clientAuthentication: federatedAssertion(fromFile(given)) }).failure(),
    granting({
      tokenEndpoint,
      clientAuthentication: mutualTls({ certificate: fromFile(given), key: fromFile(given) }),
    }).failure(),
  ]);

  for (const error of failures) {
    for (const part of given === pem ? pem.split('\n').slice(1, -2) : ['s3cret', 'c4n4ry']) {
      expect(linesThatShow(part, error)).toEqual([]);
    }
    expect(allThatPrints(error)).toContain('its path is not shown, because it may be a secret');
  }
});

test('a key in place of a path is recognised [F11]', async () => {
  expect(String(await failureOf(fromFile(pem)()))).toContain('pass the text itself, not as a path');
});

test.each([
  ['a folder', tmpdir(), 'EISDIR', 'is a folder'],
  ['a missing file in a folder', join(tmpdir(), 'm2m-tokens-no-such-file'), 'ENOENT', 'does not exist'],
])('a path is shown if it can be nothing else: %s [F11]', async (_what, path, code, reason) => {
  expect(await failureOf(fromFile(path)())).toMatchObject({
    code,
    path,
    message: `the file ${path} ${reason} (${code})`,
  });
});

test.each([[undefined], [''], [5], [Buffer.from('/tmp')]])('a path must be a string, not %p [F10]', (path) => {
  expect(() => fromFile(path as string)).toThrow(/^"path" of fromFile must be a non-empty string/);
  expect(() => fromFile(path as string)).toThrow(ConfigurationError);
});

test('a missing file is named, and nothing is sent', async () => {
  const server = await startAuthorizationServer();
  const path = join(tmpdir(), 'm2m-tokens-no-such-file');
  const { failure } = granting({
    tokenEndpoint: server.tokenEndpoint,
    clientAuthentication: clientSecretBasic(fromFile(path)),
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

test.each<[string, () => Secret | object]>([
  ['a secret', () => 's3cret'],
  ['an object', () => ({ value: 's3cret' })],
  ['an object with the expiry', () => ({ value: 's3cret', expiresAt: Date.UTC(2030, 0, 1) })],
])('a function may return %s, at once or later', async (_what, returned) => {
  const sent: unknown[] = [];
  for (const secret of [returned, async () => returned()]) {
    const { tokens, secrets } = await clientWith(secret as Secret);
    await tokens.getToken();
    sent.push(...secrets());
  }

  expect(sent).toEqual(['s3cret', 's3cret']);
});

test.each<[string, object, string]>([
  ['without a value', { secret: 's3cret' }, 'must return a string, or an object with "value"'],
  ['whose value is no string', { value: ['s3cret'] }, 'must return a string, or an object with "value"'],
  ['whose value is empty', { value: '' }, 'the client secret is empty'],
  ['that is a buffer', Buffer.from('s3cret'), 'must return a string, or an object with "value"'],
  ['whose expiry is a text', { value: 's3cret', expiresAt: '2030-01-01' }, 'milliseconds since the epoch'],
  ['whose expiry is a date', { value: 's3cret', expiresAt: new Date() }, 'milliseconds since the epoch'],
  ['whose expiry is in seconds', { value: 's3cret', expiresAt: 1_893_456_000 }, 'milliseconds since the epoch'],
  ['that never expires', { value: 's3cret', expiresAt: Infinity }, 'milliseconds since the epoch'],
  ['whose expiry is null', { value: 's3cret', expiresAt: null }, 'milliseconds since the epoch'],
])('an object %s is an error that does not repeat it', async (_what, returned, flaw) => {
  const { failure, server } = await clientWith((() => returned) as unknown as Secret);

  const error = await failure();

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toContain(flaw);
  expect(linesThatShow('s3cret', error)).toEqual([]);
  expect(server.requests).toEqual([]);
});

test('the secret in an object is not repeated after its rejection', async () => {
  const { server, failure } = await clientWith(() => ({ value: 's3cret', expiresAt: Date.UTC(2030, 0, 1) }));
  server.script(refused('invalid_client', { status: 401, description: 'wrong: s3cret' }));

  const error = await failure();

  expect(error).toMatchObject({ error: 'invalid_client' });
  expect(linesThatShow('s3cret', error)).toEqual([]);
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
  const fingerprintOf = (secret: Secret): Promise<string> => authenticatorOf(clientSecretPost(secret)).fingerprint();

  test('differs from secret to secret, and is the same for the same secret', async () => {
    const prints = await Promise.all(['one', 'two', 'one'].map((secret) => fingerprintOf(() => secret)));

    expect(prints[0]).not.toBe(prints[1]);
    expect(prints[0]).toBe(prints[2]);
  });

  test('changes with the value in an object, and not with its expiry', async () => {
    const print = (value: string, expiresAt: number) => fingerprintOf(() => ({ value, expiresAt }));
    const [soon, late] = [Date.UTC(2030, 0, 1), Date.UTC(2031, 0, 1)];

    expect(await print('one', soon)).toBe(await print('one', late));
    expect(await print('one', soon)).not.toBe(await print('other', soon));
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
