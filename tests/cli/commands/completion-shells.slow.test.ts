import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { runOnTerminal } from '../../support/built-command.js';
import { runCommand } from '../../support/command.js';
import { hasProgram } from '../../support/programs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const scriptFor = async (shell: string) => (await runCommand(['completion', shell])).stdout;

/** The completions of bash after these words. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const type = `COMP_WORDS=(m2m ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _m2m; echo "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', `${await scriptFor('bash')}\n${type}`]);
  return stdout.trim().split(' ').filter(Boolean);
}

test('bash completes commands and flags', async () => {
  expect(await offered('co')).toEqual(['config', 'completion']);
  expect(await offered('token', '--j')).toEqual(['--json']);
  expect(await offered('doctor', '--try')).toEqual(['--try-methods']);
  expect(await offered('inspect', '--scope')).toEqual([]);
});

const shellTest = (shell: string) => (hasProgram(shell) ? test : (test.skip as typeof test));
const [zshTest, fishTest] = [shellTest('zsh'), shellTest('fish')];

fishTest('fish completes commands and flags', async () => {
  const path = join(await temporaryFolder(), 'm2m.fish');
  await writeFile(path, await scriptFor('fish'));
  const completed = async (line: string) => {
    const argv = ['--no-config', '-c', `source ${path}; complete --do-complete '${line}'`];
    const { stdout } = await promisify(execFile)('fish', argv, { env: { ...process.env, HOME: dirname(path) } });
    return stdout;
  };

  expect(await completed('m2m tok')).toBe('token\tprint an access token\n');
  expect(await completed('m2m doctor --try')).toMatch(/^--try-methods\t/);
});

zshTest('zsh completes commands and flags', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'm2m.zsh'), await scriptFor('zsh'));
  await writeFile(
    join(folder, '.zshrc'),
    `autoload -U compinit; compinit -u -D; source ${folder}/m2m.zsh; PS1='READY> '`,
  );

  const { exitCode } = await runOnTerminal('zsh -d -i', {
    environment: { ZDOTDIR: folder, HOME: folder },
    types: [
      { after: 'READY> ', keys: 'm2m tok\t' },
      { after: 'm2m token', keys: '--js\t' },
      { after: '--json', keys: '\u0015m2m doctor --try\t' },
      { after: '--try-methods', keys: '\u0015exit 7\r' },
    ],
  });

  expect(exitCode).toBe(7);
});
