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
  expect(lines[0]).toBe(`✓ tokenEndpoint ${server.tokenEndpoint} (environment OAUTH_TOKEN_ENDPOINT)`);
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

test('a malformed URL of the API is wrong usage, before any request', async () => {
  const { exitCode, stdout } = await runCommand(['doctor', 'api.example.com']);

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
});
