/**
 * Installs the packed tarball into copies of the projects below `projects/` and runs `npm test` in each. Without a tarball it
 * packs one. Without names it runs all projects.
 *
 *     npm run test:consumers -- [--tarball <file>] [project ...]
 */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

import { startServer } from './server.js';

const here = import.meta.dirname;
const { values, positionals } = parseArgs({ options: { tarball: { type: 'string' } }, allowPositionals: true });
// The examples that a project runs unchanged, by the folder of the project that they are copied to.
const examples: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  jest: { plain: ['jest.test.cjs'] },
  node: { '.': ['node.test.mjs', 'authorization-server.test.mjs'] },
  vitest: { '.': ['vitest.test.mjs'] },
};
const known = await readdir(join(here, 'projects'));
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; the projects are ${known.join(', ')}`);

const temporary = await mkdtemp(join(tmpdir(), 'm2m-tokens-consumers-'));
const server = await startServer();
try {
  const tarball = values.tarball === undefined ? await pack() : resolve(values.tarball);
  // The longest first, so that the processors are busy until the end.
  const longest = ['types', 'next', 'bundlers', 'node'];
  const waiting = positionals.length > 0 ? positionals : [...new Set([...longest, ...known])];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await tryOut(name, tarball);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
} finally {
  server.close();
  await rm(temporary, { recursive: true, force: true });
}

async function pack(): Promise<string> {
  const { exitCode, output } = await run('npm', ['pack', '--pack-destination', temporary], join(here, '..', '..'));
  const name = (await readdir(temporary)).find((file) => file.endsWith('.tgz'));
  if (exitCode !== 0 || name === undefined) throw new Error(`npm pack failed:\n${output}`);
  return join(temporary, name);
}

async function tryOut(name: string, tarball: string): Promise<void> {
  const project = join(temporary, name);
  await mkdir(project);
  for (const folder of ['shared', join('projects', name)]) await cp(join(here, folder), project, { recursive: true });
  for (const [folder, files] of Object.entries(examples[name] ?? {}))
    for (const file of files) await cp(join(here, '../../examples/testing', file), join(project, folder, file));

  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const installed = await run('npm', ['install', ...options, tarball], project);
  const tested = installed.exitCode === 0 ? await run('npm', ['test', '--silent'], project) : undefined;
  await rm(project, { recursive: true, force: true });

  const { exitCode, output } = tested ?? installed;
  const times = [`npm install ${seconds(installed.ms)}`, ...(tested ? [`npm test ${seconds(tested.ms)}`] : [])];
  console.log(`${exitCode === 0 ? 'passed' : 'FAILED'} ${name} (${times.join(', ')})`);
  if (exitCode === 0) return;
  console.log(output.replaceAll(/^/gm, '    '));
  process.exitCode = 1;
}

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly exitCode: number | null; readonly output: string; readonly ms: number }> {
  const start = performance.now();
  const child = spawn(command, args, {
    cwd,
    // By default, Next.js sends usage data to its maintainers.
    env: { ...process.env, SERVER_ORIGIN: server.origin, NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
  const ended = new Promise<number | null>((resolve_, reject) => {
    child.once('error', reject);
    child.once('close', resolve_);
  });
  const [exitCode, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { exitCode, output: `${stdout}${stderr}`, ms: performance.now() - start };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
