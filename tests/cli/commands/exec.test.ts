import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { startAuthorizationServer } from '../../support/authorization-server.js';
import { runCommand, settingsFor } from '../../support/command.js';
import { posixTest } from '../../support/posix-test.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function exec(...argv: readonly string[]) {
  const server = await startAuthorizationServer();
  const environment = { ...settingsFor(server.tokenEndpoint), PATH: process.env['PATH'] ?? '' };
  return runCommand(['exec', ...argv], { environment });
}

posixTest('the program gets the token and its own flags, and determines the exit code', async () => {
  expect(await exec('--scope', 'a', '--', 'sh', '-c', '[ "$ACCESS_TOKEN" = token-1 ] && exit 7', '--scope')).toEqual({
    exitCode: 7,
    stdout: '',
    stderr: '',
  });
});

posixTest('passes flags after the program on to it, without -- too', async () => {
  expect((await exec('sh', '-c', 'exit $#', '0', '--cache', '-x', '--', 'y')).exitCode).toBe(4);
});

posixTest('exits with the signal of the program', async () => {
  expect((await exec('--', 'sh', '-c', 'kill -KILL $$')).exitCode).toBe(137);
});

test('refuses --dpop: the program does not have the key [R-70]', async () => {
  const { exitCode, stderr } = await exec('--dpop', '--', 'true');

  expect(exitCode).toBe(2);
  expect(stderr).toContain('send requests with m2m call');
});

test('exits with 127 without such a program', async () => {
  const { exitCode, stderr } = await exec('--', 'no-such-command');

  expect(exitCode).toBe(127);
  expect(stderr).toContain('the program "no-such-command" does not exist');
});

posixTest('exits with 126 if the file cannot be run', async () => {
  const path = join(await temporaryFolder(), 'text');
  await writeFile(path, 'text');

  const { exitCode, stderr } = await exec('--', path);

  expect(exitCode).toBe(126);
  expect(stderr).toContain('cannot be run (EACCES)');
});
