import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { startAuthorizationServer } from '../../support/authorization-server.js';
import { buildCommand } from '../../support/built-command.js';
import { settingsFor } from '../../support/command.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const command = await buildCommand();

describe('an env file with NODE_OPTIONS', () => {
  /** A file whose NODE_OPTIONS names a program that leaves a file behind. */
  async function envFile(tokenEndpoint: string) {
    const folder = await temporaryFolder();
    const [program, trace] = [join(folder, 'program.cjs'), join(folder, 'trace')];
    await writeFile(program, `require('node:fs').writeFileSync(${JSON.stringify(trace)}, '')`);
    const path = join(folder, 'orders.env');
    const settings = Object.entries(settingsFor(tokenEndpoint)).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(path, `NODE_OPTIONS=--require=${program}\n${settings.join('')}`);
    return { path, hasRun: () => existsSync(trace) };
  }

  test.each([
    ['token --env FILE', (path: string) => ['token', '--env', path], 'token-1\n'],
    ['token --env=FILE', (path: string) => ['token', `--env=${path}`], 'token-1\n'],
    ['exec --env FILE', (path: string) => ['exec', '--env', path, '--', 'printenv', 'ACCESS_TOKEN'], 'token-1\n'],
    [
      'exec -- PROGRAM --env-file FILE',
      (path: string) => ['exec', '--env', path, '--', 'echo', '--env-file', path],
      '--env-file',
    ],
  ])('runs no code with %s [F14]', async (_, argv, stdout) => {
    const server = await startAuthorizationServer();
    const { path, hasRun } = await envFile(server.tokenEndpoint);

    const outcome = await command.run(argv(path));

    expect(outcome).toEqual({ exitCode: 0, stdout: expect.stringContaining(stdout), stderr: '' });
    expect(hasRun()).toBe(false);
  });

  test('that is missing is an error of the command [F14]', async () => {
    const path = join(await temporaryFolder(), 'orders.env');

    expect(await command.run(['token', '--env', path])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `m2m: the env file cannot be read from ${path} (ENOENT)\n  → check --env\n`,
    });
  });
});
