import { expect, test } from '@jest/globals';

import { runCommand } from '../../support/command.js';

const scriptFor = async (shell: string) => (await runCommand(['completion', shell])).stdout;

test.each(['bash', 'zsh', 'fish'])('the script for %s has all verbs and no hidden flag', async (shell) => {
  const script = await scriptFor(shell);

  for (const verb of ['token', 'call', 'exec', 'inspect', 'doctor', 'revoke', 'config', 'completion']) {
    expect(script).toMatch(new RegExp(`\\b${verb}\\b`));
  }
  expect(script).toMatch(/min-validity/);
  expect(script).not.toMatch(/client-secret(?!-file)/);
});

test('zsh and fish get the summaries, quoted', async () => {
  expect(await scriptFor('zsh')).toContain(
    `'--issuer[URL of the authorization server, whose metadata are discovered \\[OAUTH_ISSUER\\]]:value:_files'`,
  );
  expect(await scriptFor('fish')).toContain(
    `-l issuer -r -d 'URL of the authorization server, whose metadata are discovered [OAUTH_ISSUER]'`,
  );
});

test.each(['tcsh', 'constructor'])('there is none for %s', async (shell) => {
  expect(await runCommand(['completion', shell])).toMatchObject({
    exitCode: 2,
    stderr: `m2m: there is no completion for "${shell}"\n  → bash, zsh and fish have one\n`,
  });
});
