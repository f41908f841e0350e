import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Outcome } from './run-program.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The built command, in a process of its own. */
export interface BuiltCommand {
  /** Runs the command with pipes as stdin, stdout and stderr. */
  run(argv: readonly string[], options?: ProcessOptions): Promise<Outcome>;
  /** Runs the command on a pseudo-terminal. Its stdout and stderr are both in `stdout`. */
  runOnTerminal(
    argv: readonly string[],
    options?: ProcessOptions & { readonly types: readonly Typed[] },
  ): Promise<Outcome>;
}

/** Keys that are typed after a text is shown. */
export interface Typed {
  readonly after: string;
  readonly keys: string;
}

/** Options of a process. Its environment has no other variables. */
export interface ProcessOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Called with the process after its start. */
  readonly onStart?: (child: ChildProcessWithoutNullStreams) => void;
}

/** Builds the command as the package is built. A build serves all test files, until its sources change. */
export async function buildCommand(): Promise<BuiltCommand> {
  // In node_modules, so that the command finds the packages that it imports.
  const cache = join(root, 'node_modules/.cache/m2m');
  const folder = join(cache, digestOfSources());
  const main = join(folder, 'dist/cli/main.cjs');
  if (!existsSync(main)) {
    await mkdir(cache, { recursive: true });
    const fresh = await mkdtemp(join(cache, 'build-'));
    const rollup = ['node_modules/rollup/dist/bin/rollup', '-c', '--silent', '--configPart', 'command'];
    const options = ['--configFolder', join(fresh, 'dist')];
    await promisify(execFile)(process.execPath, [...rollup, ...options], { cwd: root });
    await copyFile(join(root, 'package.json'), join(fresh, 'package.json'));
    // Another test file may have been faster.
    await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }));
  }

  return {
    run: (argv, options_ = {}) => runProcess(process.execPath, [main, ...argv], options_),
    runOnTerminal(argv, { types = [], environment = {}, ...rest } = { types: [] }) {
      const words = [process.execPath, main, ...argv].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
      // `exec` replaces the shell, which a signal would end before the command.
      return runOnTerminal(`exec ${words.join(' ')}`, { environment, types, ...rest });
    },
  };
}

function digestOfSources(): string {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const settings = ['package.json', 'package-lock.json', 'rollup.config.js', 'tsconfig.json'];
  const digest = createHash('sha256');
  for (const file of [...settings, ...sources.map((source) => join('src', source))]) {
    digest.update(file).update(readFileSync(join(root, file)));
  }
  return digest.digest('hex');
}

/** Runs a shell command on a pseudo-terminal. Its stdout and stderr are both in `stdout`. */
export function runOnTerminal(
  line: string,
  { types, environment, ...rest }: ProcessOptions & { readonly types: readonly Typed[] },
): Promise<Outcome> {
  // `script` is part of bsdutils, which each Debian has.
  const script = ['--quiet', '--return', '--command', line, '/dev/null'];
  const surroundings = { TERM: 'xterm', SHELL: '/bin/sh', ...environment };
  return runProcess('script', script, { environment: surroundings, ...rest }, types);
}

async function runProcess(
  file: string,
  argv: readonly string[],
  { environment = {}, stdin, onStart }: ProcessOptions,
  types: readonly Typed[] = [],
): Promise<Outcome> {
  const child = spawn(file, argv, {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...environment },
    timeout: 30_000,
  });
  onStart?.(child);
  const shown = { stdout: '', stderr: '' };
  const rest = [...types];
  child.stdout.on('data', (chunk: Buffer) => {
    shown.stdout += chunk.toString();
    if (rest[0] !== undefined && shown.stdout.includes(rest[0].after)) child.stdin.write(rest.shift()?.keys);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    shown.stderr += chunk.toString();
  });
  // A process that does not read stdin may end before the input is written.
  child.stdin.on('error', () => {});
  if (types.length === 0) child.stdin.end(stdin);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, ...shown };
}
