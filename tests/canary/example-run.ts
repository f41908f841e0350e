import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { cleanUp } from '../support/clean-up.js';
import type { Artefact } from './artefacts.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The programs, each with what it imports from this project, by name; compiled in one go. */
export async function bundled(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const folder = await temporaryFolder();
  const how = ['--bundle', '--format=esm', '--platform=node', '--packages=external', '--log-level=error'];
  await promisify(execFile)('node_modules/.bin/esbuild', [...files, ...how, `--outdir=${folder}`], { cwd: root });
  const names = await readdir(folder);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}

// Tells on a pipe of its own what a crash report of this process would say, but for the environment, which holds what it was given.
const prologue = `
import { writeSync } from 'node:fs';
process.once('exit', () => {
  const { environmentVariables, ...report } = process.report.getReport();
  writeSync(3, JSON.stringify({ report, argv: process.argv, execArgv: process.execArgv, title: process.title }));
});
`;

/** Runs a program in a process and a folder of its own; returns all that it wrote anywhere, and how it ended. */
export async function artefactsOfRun(
  program: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly exitCode: number | null; readonly artefacts: readonly Artefact[] }> {
  const folder = await temporaryFolder();
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  // All that it may write to by itself is below this folder.
  const places = { HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder };
  const child = spawn(process.execPath, ['--input-type=module', '-'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...places, ...environment },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const [stdin, stdout, stderr, report] = child.stdio;
  stdin?.end(prologue + program);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const cmdline = await readFile(`/proc/${child.pid}/cmdline`, 'utf8').catch(() => '');
  const [exitCode, out, err, said] = await Promise.all([ended, ...[stdout, stderr, report].map(textOf)]);

  const written = { stdout: out, stderr: err, 'process.report': said, argv: cmdline, files: await filesIn(folder) };
  const artefacts = Object.entries(written).map(([channel, text = '']) => ({ origin: 'program', channel, text }));
  return { exitCode, artefacts };
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'canary-'));
  cleanUp(() => rm(folder, { recursive: true }));
  return folder;
}

async function textOf(stream: unknown): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Names and contents of the files below a folder. */
export async function filesIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(paths.map(async (path) => `${path}\n${await readFile(path, 'latin1')}`))).join('\n');
}
