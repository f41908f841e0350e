import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { posixTest } from './posix-test.js';

const launcher = 'tests/support/clean-environment.js';
const run = (argv: readonly string[], env: Readonly<Record<string, string>>) =>
  promisify(execFile)(process.execPath, [launcher, ...argv], { env: { PATH: process.env['PATH'], ...env } });

posixTest('a program does not see the settings, proxies and folders of the developer [F16]', async () => {
  const { stdout } = await run(['--print', 'Object.keys(process.env).sort().join()'], {
    OAUTH_ISSUER: 'https://auth.example.com',
    OAUTH_CLIENT_ID: 'orders',
    HTTP_PROXY: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
    NO_PROXY: 'localhost',
    NODE_USE_ENV_PROXY: '1',
    XDG_CACHE_HOME: '/nonexistent',
    CI: 'true',
    NO_COLOR: '1',
  });

  expect(stdout.trim()).toBe('CI,NO_COLOR,PATH');
});

test('its exit code is that of the program', async () => {
  await expect(run(['--eval', 'process.exit(3)'], {})).rejects.toMatchObject({ code: 3 });
});
