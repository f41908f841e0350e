import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { startAuthorizationServer } from '../../support/authorization-server.js';
import { runCommand, settingsFor } from '../../support/command.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function exec(...argv: readonly string[]) {
  const server = await startAuthorizationServer();
  const environment = { ...settingsFor(server.tokenEndpoint), PATH: process.env['PATH'] ?? '' };
  return runCommand(['exec', ...argv], { environment });
}

test('the command gets the token by its environment, its own flags, and decides the exit code', async () => {
  expect(await exec('--scope', 'a', '--', 'sh', '-c', '[ "$ACCESS_TOKEN" = token-1 ] && exit 7', '--scope')).toEqual({
    exitCode: 7,
    stdout: '',
    stderr: '',
  });
});

test('flags after the command are its own without -- too', async () => {
  expect((await exec('sh', '-c', 'exit $#', '0', '--cache', '-x', '--', 'y')).exitCode).toBe(4);
});

test('a command that a signal ends', async () => {
  expect((await exec('--', 'sh', '-c', 'kill -KILL $$')).exitCode).toBe(137);
});

test('a token that is bound to a key is not handed to a command, which has no key [R-70]', async () => {
  const { exitCode, stderr } = await exec('--dpop', '--', 'true');

  expect(exitCode).toBe(2);
  expect(stderr).toContain('m2m call sends requests with it');
});

test('there is no such command', async () => {
  const { exitCode, stderr } = await exec('--', 'no-such-command');

  expect(exitCode).toBe(127);
  expect(stderr).toContain('there is no command "no-such-command"');
});

test('a file that is none to run', async () => {
  const path = join(await temporaryFolder(), 'text');
  await writeFile(path, 'text');

  const { exitCode, stderr } = await exec('--', path);

  expect(exitCode).toBe(126);
  expect(stderr).toContain('cannot be run (EACCES)');
});
