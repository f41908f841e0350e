import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { runCommand } from '../../support/command.js';

const scriptFor = async (shell: string) => (await runCommand(['completion', shell])).stdout;

/** What bash offers after these words. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const type = `COMP_WORDS=(m2m ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _m2m; echo "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', `${await scriptFor('bash')}\n${type}`]);
  return stdout.trim().split(' ').filter(Boolean);
}

test('bash completes verbs and flags', async () => {
  expect(await offered('co')).toEqual(['config', 'completion']);
  expect(await offered('token', '--j')).toEqual(['--json']);
  expect(await offered('doctor', '--try')).toEqual(['--try-methods']);
  expect(await offered('inspect', '--scope')).toEqual([]);
});

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
