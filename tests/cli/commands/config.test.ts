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

test('prints neither a secret in place of a path, nor the user and password of a URL, nor the value of a parameter [F4 F11 F15]', async () => {
  const { stdout } = await runCommand(['config', '--key-file', 'c4n4ry', '--parameter', 'tenant=c4n4ry'], {
    environment: { OAUTH_RESOURCE: 'https://orders:c4n4ry@api.example.com' },
  });

  expect(stdout).toBe(`keyFile    [not a path]             --key-file
resource   https://api.example.com  environment OAUTH_RESOURCE
parameter  tenant=[redacted]        --parameter
`);
});

test('prints that there are no settings', async () => {
  expect(await runCommand(['config'])).toEqual({ exitCode: 0, stdout: 'no settings\n', stderr: '' });
});
