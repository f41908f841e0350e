import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

import { expect, test } from '@jest/globals';

import { run } from '../../../src/cli/run.js';
import { commandContext, runCommand, settingsFor } from '../../support/command.js';
import type { Answer } from '../../support/http-server.js';
import { startHttpServer } from '../../support/http-server.js';
import { posixTest } from '../../support/posix-test.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A server that grants and revokes, and the settings for it. */
async function startServer(answer: Answer = {}) {
  const { origin, requests } = await startHttpServer(({ path }) =>
    path === '/token' ? { body: { access_token: 'c4n4ry-t0ken', token_type: 'Bearer', expires_in: 3600 } } : answer,
  );
  const environment = {
    ...settingsFor(`${origin}/token`),
    OAUTH_REVOCATION_ENDPOINT: `${origin}/revoke`,
    HOME: await temporaryFolder(),
  };
  const revocations = () => requests.filter(({ path }) => path === '/revoke');
  const grants = () => requests.filter(({ path }) => path === '/token');
  return { environment, revocations, grants };
}

test.each(['c4n4ry-t0ken\n', 'Authorization: Bearer c4n4ry-t0ken\n'])(
  'revokes the token of stdin: %j [R-76]',
  async (stdin) => {
    const { environment, revocations } = await startServer();

    const outcome = await runCommand(['revoke'], { environment, stdin });

    expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(revocations()).toMatchObject([
      {
        method: 'POST',
        body: 'token_type_hint=access_token&token=c4n4ry-t0ken',
        headers: { authorization: `Basic ${btoa('orders:c4n4ry-s3cret')}` },
      },
    ]);
  },
);

posixTest('revokes the token although a stray file cannot be read, and says so [R-78]', async () => {
  const { environment, revocations } = await startServer();
  await runCommand(['token', '--cache'], { environment });
  const folder = join(environment.HOME, '.cache/m2m-tokens');
  await writeFile(join(folder, 'notes.token'), 'text');
  await writeFile(join(folder, '61.token'), 'text', { mode: 0o644 });

  const outcome = await runCommand(['revoke'], { environment, stdin: 'c4n4ry-t0ken' });

  expect(outcome).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: `m2m: a part of the cache cannot be read: ${folder}/61.token can be read or written by others\n`,
  });
  expect(revocations()).toHaveLength(1);
  expect((await readdir(folder)).toSorted()).toEqual(['61.token', 'key', 'notes.token']);
});

test('deletes the token from the cache, and no other token [R-78]', async () => {
  const { environment, grants } = await startServer();
  const token = (scope: string) => runCommand(['token', '--cache', '--scope', scope], { environment });
  await token('a');

  await runCommand(['revoke'], { environment, stdin: 'another' });
  await token('a');
  expect(grants()).toHaveLength(1);
  await runCommand(['revoke'], { environment, stdin: 'c4n4ry-t0ken' });
  await token('a');
  expect(grants()).toHaveLength(2);
});

test('prompts for the token on a terminal, and prints when it is revoked', async () => {
  const { environment, revocations } = await startServer();
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const { context, stdout, stderr } = commandContext({ environment, terminals: ['stderr'], context: { stdin } });

  const outcome = run(['revoke'], context);
  stdin.write('c4n4ry-t0ken\n');

  expect(await outcome).toBe(0);
  expect(stdout()).toBe('');
  expect(stripVTControlCharacters(stderr())).toMatch(/^Token \(hidden\): \n[^]*m2m: the token is revoked\n$/);
  expect(revocations()).toHaveLength(1);
});

test.each<[string, Answer, number]>([
  ['rejects the revocation', { status: 401, body: { error: 'invalid_client' } }, 3],
  ['is not available', { status: 503 }, 4],
])(
  'prints that the token is still valid after a server that %s, without the token [R-77 F4]',
  async (_, answer, exitCode) => {
    const { environment } = await startServer(answer);

    const outcome = await runCommand(['revoke'], { environment, stdin: 'c4n4ry-t0ken' });

    expect(outcome).toMatchObject({ exitCode, stdout: '' });
    expect(outcome.stderr).toContain('it is valid until it expires');
    expect(outcome.stderr).not.toContain('c4n4ry');
  },
);

test.each([
  ['', 'the token is missing'],
  ['c4n4ry two', 'the input is not a token'],
])('sends nothing without a token: %j [F4]', async (stdin, message) => {
  const { environment, revocations } = await startServer();

  const { exitCode, stderr } = await runCommand(['revoke'], { environment, stdin });

  expect(exitCode).toBe(2);
  expect(stderr).toContain(`m2m: ${message}\n`);
  expect(stderr).not.toContain('c4n4ry');
  expect(revocations()).toEqual([]);
});

test('refuses a token on the command line, and does not repeat it', async () => {
  const { environment } = await startServer();

  const { exitCode, stderr } = await runCommand(['revoke', 'c4n4ry-t0ken'], { environment });

  expect(exitCode).toBe(2);
  expect(stderr).not.toContain('c4n4ry');
});

test('revokes the token of a client that does not authenticate', async () => {
  const { environment, revocations } = await startServer();
  const {
    OAUTH_TOKEN_ENDPOINT = '',
    OAUTH_REVOCATION_ENDPOINT,
    HOME,
  } = environment as Record<string, string> & typeof environment;
  const OAUTH_ASSERTION_FILE = join(HOME, 'assertion');
  await writeFile(OAUTH_ASSERTION_FILE, 'a.b.c');

  const outcome = await runCommand(['revoke'], {
    environment: {
      HOME,
      OAUTH_TOKEN_ENDPOINT,
      OAUTH_REVOCATION_ENDPOINT,
      OAUTH_GRANT: 'jwt_bearer',
      OAUTH_ASSERTION_FILE,
    },
    stdin: 'c4n4ry-t0ken',
  });

  expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(revocations().map(({ body }) => body)).toEqual(['token_type_hint=access_token&token=c4n4ry-t0ken']);
});
