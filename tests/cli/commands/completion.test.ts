import { expect, test } from '@jest/globals';

import { runCommand } from '../../support/command.js';

const scriptFor = async (shell: string) => (await runCommand(['completion', shell])).stdout;

test.each(['bash', 'zsh', 'fish'])('the script for %s has all commands and no hidden flag', async (shell) => {
  const script = await scriptFor(shell);

  for (const command of ['token', 'call', 'exec', 'inspect', 'doctor', 'revoke', 'config', 'completion']) {
    expect(script).toMatch(new RegExp(`\\b${command}\\b`));
  }
  expect(script).toMatch(/min-validity/);
  expect(script).not.toMatch(/client-secret(?!-file)/);
});

test('the scripts for zsh and fish have the summaries, quoted', async () => {
  expect(await scriptFor('zsh')).toContain(
    `'--issuer[URL of the authorization server, for the discovery of its metadata \\[OAUTH_ISSUER\\]]:value:_files'`,
  );
  expect(await scriptFor('fish')).toContain(
    `-l issuer -r -d 'URL of the authorization server, for the discovery of its metadata [OAUTH_ISSUER]'`,
  );
});

test.each(['tcsh', 'constructor'])('refuses %s', async (shell) => {
  expect(await runCommand(['completion', shell])).toMatchObject({
    exitCode: 2,
    stderr: `m2m: the shell "${shell}" is not supported\n  → use bash, zsh or fish\n`,
  });
});
