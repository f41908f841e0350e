import { expect, test } from '@jest/globals';

import { runCommand } from '../../support/command.js';

test('prints each setting and its source, and no secret [F4]', async () => {
  const outcome = await runCommand(['config', '--scope', 'a b', '--client-secret-file', '/run/secret'], {
    environment: { OAUTH_ISSUER: 'https://auth.example.com', OAUTH_CLIENT_SECRET: 'c4n4ry' },
  });

  expect(outcome).toEqual({
    exitCode: 0,
    stdout: `issuer            https://auth.example.com  environment OAUTH_ISSUER
clientSecretFile  /run/secret               --client-secret-file
scope             a b                       --scope
`,
    stderr: '',
  });
  const { stdout } = await runCommand(['config'], { environment: { OAUTH_CLIENT_SECRET: 'c4n4ry' } });
  expect(stdout).toBe('clientSecret  [redacted]  environment OAUTH_CLIENT_SECRET\n');
});

test('prints that there are no settings', async () => {
  expect(await runCommand(['config'])).toEqual({ exitCode: 0, stdout: 'no settings\n', stderr: '' });
});
