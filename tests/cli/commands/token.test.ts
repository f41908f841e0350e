import { expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../../support/authorization-server.js';
import { fakeClock } from '../../support/clock.js';
import { runCommand, settingsFor } from '../../support/command.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Runs `m2m token` against a new server. */
async function token(argv: readonly string[] = [], members: Record<string, unknown> = {}) {
  const server = await startAuthorizationServer();
  server.script(granted('t0ken', members));
  const environment = { ...settingsFor(server.tokenEndpoint), HOME: await temporaryFolder() };
  const clock = fakeClock();
  const run = (...more: string[]) => runCommand(['token', ...argv, ...more], { environment, context: { clock } });
  return { server, clock, run, ...(await run()) };
}

test('prints the token and nothing else', async () => {
  expect(await token()).toMatchObject({ exitCode: 0, stdout: 't0ken\n', stderr: '' });
});

test('sends further parameters, and caches the token under them', async () => {
  const { server, run, exitCode } = await token(['--parameter', 'tenant=a b', '--cache', '--parameter', 'instance=&']);

  await run();
  await run('--parameter', 'more=1');

  expect(exitCode).toBe(0);
  expect(server.grants.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))).toEqual([
    { grant_type: 'client_credentials', tenant: 'a b', instance: '&' },
    { grant_type: 'client_credentials', tenant: 'a b', instance: '&', more: '1' },
  ]);
});

test('refuses a parameter that has a flag of its own', async () => {
  const { exitCode, stderr } = await token(['--parameter', 'scope=c4n4ry']);

  expect(exitCode).toBe(2);
  expect(stderr).toContain(
    'm2m: --parameter must not hold --scope: it has a flag of its own or is set by the command\n',
  );
});

test.each([
  ['--assume-bearer', ['--assume-bearer'], {}],
  ['OAUTH_ASSUME_BEARER', [], { OAUTH_ASSUME_BEARER: 'true' }],
])('accepts a token response without a type by %s, which the message for it names [A42]', async (_, argv, more) => {
  const server = await startAuthorizationServer();
  server.script(granted('t0ken', { token_type: undefined }));
  const environment = settingsFor(server.tokenEndpoint);

  const failed = await runCommand(['token'], { environment });
  const accepted = await runCommand(['token', ...argv], { environment: { ...environment, ...more } });

  expect(failed.exitCode).toBe(4);
  expect(failed.stderr).toContain('if its tokens are Bearer tokens, set --assume-bearer');
  expect(accepted).toMatchObject({ exitCode: 0, stdout: 't0ken\n', stderr: '' });
});

test('prints a header', async () => {
  expect(await token(['--header'])).toMatchObject({ exitCode: 0, stdout: 'Authorization: Bearer t0ken\n', stderr: '' });
});

test('prints the token response as JSON', async () => {
  const { stdout } = await token(['--json', '--scope', 'a b'], { scope: 'a' });

  expect(JSON.parse(stdout)).toEqual({
    access_token: 't0ken',
    token_type: 'Bearer',
    scope: 'a',
    expires_in: 3600,
    expires_at: '2026-01-01T01:00:00.000Z',
  });
});

test('--cache keeps the token for the next run, while it is valid for long enough', async () => {
  const { server, clock, run } = await token(['--cache']);

  clock.advance(3_500_000);
  await run();
  expect(server.grants).toHaveLength(1);
  await run('--min-validity', '2m');
  expect(server.grants).toHaveLength(2);
});

test('keeps nothing without --cache', async () => {
  const { server, run } = await token();

  await run();

  expect(server.grants).toHaveLength(2);
});

test('prints that the server issues no token with the minimum validity [D22]', async () => {
  const { exitCode, stdout, stderr } = await token(['--min-validity', '60s'], { expires_in: 30 });

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 't0ken\n' });
  expect(stderr).toBe('m2m: the authorization server issues no token that is valid for 60s\n');
});

test.each([
  [[], 't0ken\n'],
  [['--header'], 'Authorization: DPoP t0ken\n'],
])('prints that a DPoP token is useless without its key: %j [R-70]', async (argv, shown) => {
  const { exitCode, stdout, stderr } = await token([...argv, '--dpop'], { token_type: 'DPoP' });

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: shown });
  expect(stderr).toMatch(
    /^m2m: APIs accept a DPoP token only with its DPoP key, which exists only during this run: .*\n$/,
  );
});

test('--dpop fails if the server does not bind the token [R-68]', async () => {
  expect(await token(['--dpop'])).toMatchObject({ exitCode: 2, stdout: '' });
});

test('a duration without a unit is wrong usage', async () => {
  expect(await token(['--min-validity', '60'])).toMatchObject({ exitCode: 2, stdout: '' });
});

test.each([
  [3, refused('invalid_client', { status: 401 })],
  [4, { status: 429, headers: { 'retry-after': '60' } }],
])('exits with %d without a token', async (exitCode, answer) => {
  const server = await startAuthorizationServer();
  server.script(answer);

  const outcome = await runCommand(['token'], { environment: settingsFor(server.tokenEndpoint) });

  expect(outcome).toMatchObject({ exitCode, stdout: '' });
  expect(outcome.stderr.split('\n')).toHaveLength(3);
});
