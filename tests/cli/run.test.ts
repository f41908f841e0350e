import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { Interruption } from '../../src/cli/io/command-error.js';
import { settingDefinitions } from '../../src/cli/settings/definitions.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { settingNames } from '../../src/cli/settings/definitions.js';
import { settingGroups } from '../../src/cli/settings/help-groups.js';
import { runCommand, settingsFor } from '../support/command.js';
import type { RecordedRequest } from '../support/http-server.js';
import { rejected, startResourceServer } from '../support/resource-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const commands = ['token', 'call', 'exec', 'inspect', 'doctor', 'revoke', 'config', 'completion'];

test.each([[[]], [['--help']], [['-h']]])('%j prints the help: commands, settings, exit codes', async (argv) => {
  const { exitCode, stdout, stderr } = await runCommand(argv);

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  for (const { variable } of Object.values(settingDefinitions)) expect(stdout).toContain(variable);
  expect(stdout).toMatch(/^ {2}130 /m);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test.each(commands)('the help of %s has examples', async (command) => {
  const { exitCode, stdout } = await runCommand([command, '--help']);

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/Examples:\n {2}\$ /);
});

test('prints its version', async () => {
  expect(await runCommand(['--version'])).toEqual({ exitCode: 0, stdout: '0.0.0\n', stderr: '' });
});

test.each([
  [['tokn'], `m2m: unknown command 'tokn' (Did you mean token?)`],
  [['token', '--jsno'], `m2m: unknown option '--jsno' (Did you mean --json?)`],
  [['token', 'orders'], `m2m: too many arguments for 'token'. Expected 0 arguments but got 1.`],
  [['call'], `m2m: missing required argument '[METHOD] URL'`],
])('reports wrong usage in two lines: %j', async (argv, what) => {
  const { exitCode, stdout, stderr } = await runCommand(argv);

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toBe(`${what}\n  → m2m --help and m2m COMMAND --help show the usage\n`);
});

test.each([
  [['token', '--client-secret', 'c4n4ry'], 'every user of this machine can read a secret on the command line'],
  [['token', '--client-secret=c4n4ry'], 'every user of this machine can read a secret on the command line'],
  [['token', '--clientsecret=c4n4ry'], `unknown option '--clientsecret'`],
  [['inspect', '--client-secret=c4n4ry'], `unknown option '--client-secret'`],
])('refuses a secret on the command line, and does not repeat it: %j [F4]', async (argv, message) => {
  const { exitCode, stdout, stderr } = await runCommand(argv);

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(`m2m: ${message}`);
  expect(stderr).not.toContain('c4n4ry');
});

test.each([
  [['token', '--env-file', 'orders.env'], '--env-file'],
  [['token', '--env-file=orders.env'], '--env-file'],
  [['exec', 'docker', 'run', '--env-file-if-exists', 'orders.env'], '--env-file-if-exists'],
])('refuses a flag that Node.js itself reads, and names --env: %j [F14]', async (argv, flag) => {
  expect(await runCommand(argv)).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      `m2m: Node.js itself reads ${flag}, and NODE_OPTIONS in that file can run other code\n` +
      '  → use --env; if the flag is for the program of exec, write -- before the program\n',
  });
});

test('prints nothing after an interruption', async () => {
  const server = await startAuthorizationServer();
  const interrupted = new AbortController();
  server.script(() => {
    interrupted.abort(new Interruption('SIGINT'));
    return undefined;
  });

  const outcome = await runCommand(['token'], {
    environment: settingsFor(server.tokenEndpoint),
    context: { signal: interrupted.signal },
  });

  expect(outcome).toEqual({ exitCode: 130, stdout: '', stderr: '' });
});

test('prints neither a malformed key nor an assertion that a server repeats [F4]', async () => {
  const server = await startAuthorizationServer();
  server.script(({ body }) => refused('invalid_client', { status: 401, description: decodeURIComponent(body) }));
  const path = join(await temporaryFolder(), 'file');
  await writeFile(path, 'c4n4ry.c4n4ry');
  const environment = { OAUTH_TOKEN_ENDPOINT: server.tokenEndpoint, OAUTH_CLIENT_ID: 'orders' };
  const run = (...argv: string[]) => runCommand(argv, { environment });

  const outcomes = [
    await run('token', '--key-file', path),
    await run('doctor', '--key-file', path),
    await run('token', '--assertion-file', path),
    await run('doctor', '--assertion-file', path, '--try-methods'),
  ];

  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([2, 2, 3, 3]);
  expect(server.grants).toHaveLength(2);
  expect(JSON.stringify(outcomes)).not.toContain('c4n4ry');
});

test('no command prints the secret, and only token prints the token [F4 R-24]', async () => {
  const server = await startAuthorizationServer();
  const api = await startResourceServer();
  const settings = settingsFor(server.tokenEndpoint);
  const secret = settings['OAUTH_CLIENT_SECRET'] as string;
  const environment = { ...settings, HOME: await temporaryFolder() };
  const basic = Buffer.from(`orders:${secret}`).toString('base64');
  const loose = ({ headers }: RecordedRequest) =>
    refused('invalid_client', { status: 401, description: `${secret} in ${headers.authorization}` });
  const texts: string[] = [];
  const run = async (...argv: string[]) => {
    const { stdout, stderr } = await runCommand(argv, { environment, terminals: ['stdout', 'stderr'] });
    texts.push(stdout, stderr);
  };

  server.script(granted('c4n4ry-t0ken'));
  await run('call', api.origin, '-i', '--cache');
  await run('call', api.origin, '--dry-run');
  for (const tool of ['curl', 'python', 'javascript']) await run('call', api.origin, '--print', tool);
  await run('exec', '--', process.execPath, '-e', '0');
  await run('doctor', api.origin);
  await run('config');
  api.answer(() => rejected());
  await run('call', api.origin, '--fail');
  await run('doctor', api.origin);
  server.script(loose);
  for (const argv of [['token'], ['call', api.origin], ['exec', '--', 'true'], ['doctor', '--try-methods']])
    await run(...argv);
  server.script({ status: 200, body: { access_token: 'c4n4ry-t0ken', token_type: 'mac' } });
  await run('token');

  expect(texts.join('').length).toBeGreaterThan(2_000);
  for (const canary of [secret, basic, 'c4n4ry-t0ken']) expect(texts.join('\n')).not.toContain(canary);
});

test.each(['token', 'call', 'doctor', 'exec'])(
  'the help of %s has the common flags first, in 80 columns',
  async (name) => {
    const { stdout } = await runCommand([name, '--help']);

    const headings = stdout.match(/^[A-Z][\w ]+:$/gm)?.filter((heading) => heading !== 'Arguments:');
    expect(headings).toEqual([
      'Options:',
      'Common settings:',
      'Client authentication:',
      'Grant and token request:',
      'Network:',
      ...(name === 'token' || name === 'call' ? ['Output:'] : []),
      'Examples:',
    ]);
    const common = stdout.slice(stdout.indexOf('Common settings:'), stdout.indexOf('Client authentication:'));
    expect(common.match(/(?<=^ {2})--[\w-]+/gm)).toEqual([
      '--issuer',
      '--client-id',
      '--client-secret-file',
      '--scope',
      '--audience',
      '--env',
      '--profile',
    ]);
    // The examples are lines to copy.
    const text = stdout.slice(0, stdout.indexOf('Examples:'));
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  },
);

test('each setting is below one heading of the help', () => {
  expect(settingGroups.flatMap(([, names]) => names).toSorted()).toEqual(settingNames.toSorted());
});
