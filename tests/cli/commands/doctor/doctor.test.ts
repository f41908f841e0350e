import { expect, test } from '@jest/globals';

import { refused, startAuthorizationServer } from '../../../support/authorization-server.js';
import { runCommand, settingsFor } from '../../../support/command.js';

test('prints each finding with its mark and its advice, and exits with the code of the first failure', async () => {
  const server = await startAuthorizationServer();
  server.script(refused('invalid_client', { status: 401 }));

  const { exitCode, stdout, stderr } = await runCommand(['doctor', '--try-methods'], {
    environment: settingsFor(server.tokenEndpoint),
  });

  expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: '' });
  const lines = stdout.split('\n');
  expect(lines.slice(0, 6)).toEqual([
    'Configuration',
    `· tokenEndpoint ${server.tokenEndpoint} (environment OAUTH_TOKEN_ENDPOINT)`,
    '· clientId orders (environment OAUTH_CLIENT_ID)',
    '· clientSecret (environment OAUTH_CLIENT_SECRET)',
    '✓ the settings are complete and well-formed',
    '',
  ]);
  expect(lines.filter((line) => /^[A-Z]/.test(line))).toEqual(['Configuration', 'Authorization server', 'Token']);
  expect(lines.at(-2)).toMatch(/^6 checks: 3 passed, 3 failed$/);
  expect(lines).toContainEqual(expect.stringMatching(/^✗ .*invalid_client/));
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}→ the secret is wrong/));
  expect(lines).toContainEqual(expect.stringMatching(/^✗ client_secret_post: /));
});

test('passes if all is well', async () => {
  const server = await startAuthorizationServer();

  const { exitCode, stdout } = await runCommand(['doctor'], {
    environment: settingsFor(server.tokenEndpoint),
    terminals: ['stdout'],
  });

  expect(exitCode).toBe(0);
  expect(stdout).toContain('\u001b[32m✓\u001b[39m the server issued a token');
  expect(stdout).not.toContain('✗');
});

test.each<[Record<string, string>, string, string[]]>([
  [{}, '1 check: 0 passed, 1 failed; not reached: Authorization server, Token', []],
  [
    { OAUTH_CLIENT_ID: 'orders' },
    '2 checks: 1 passed, 1 failed; not reached: Token, API',
    ['http://127.0.0.1:1/orders'],
  ],
])('the last line counts the checks, and names the groups that follow a failure %#', async (changes, summary, url) => {
  const environment = { ...settingsFor('http://127.0.0.1:1'), OAUTH_CLIENT_ID: '', ...changes };

  const { stdout } = await runCommand(['doctor', ...url], { environment });

  expect(stdout).toMatch(new RegExp(`\n\n${summary}\n$`));
});

test('a malformed URL of the API is wrong usage, before any request', async () => {
  const { exitCode, stdout } = await runCommand(['doctor', 'api.example.com']);

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
});
