import { execFile, spawn } from 'node:child_process';
import { readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { temporaryFolder } from '../support/temporary-folder.js';
import type { Artefact } from './artefacts.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A program and its environment. */
export interface Step {
  /** Relative to the root of the project. */
  readonly file: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Makes a program that runs these files in turn and prints their errors. Compiles each of them with its imports from
 * this project.
 */
export async function inOneProcess(steps: readonly Step[]): Promise<string> {
  const folder = await temporaryFolder();
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const files = steps.map(({ file }) => file);
  const how = [
    '--bundle',
    '--splitting',
    '--format=esm',
    '--platform=node',
    '--packages=external',
    '--log-level=error',
  ];
  await promisify(execFile)('node_modules/.bin/esbuild', [...files, ...how, '--outbase=.', `--outdir=${folder}`], {
    cwd: root,
  });
  return steps
    .map(({ file, environment = {} }) => {
      const path = JSON.stringify(join(folder, file.replace(/ts$/, 'js')));
      return `Object.assign(process.env, ${JSON.stringify(environment)});
try { await import(${path}); console.log('${file}: done'); } catch (error) { console.error(error); }`;
    })
    .join('\n');
}

/** Compiles a program with its imports from this project. */
export async function bundled(file: string): Promise<string> {
  const how = ['--bundle', '--format=esm', '--platform=node', '--packages=external', '--log-level=error'];
  const { stdout } = await promisify(execFile)('node_modules/.bin/esbuild', [file, ...how], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

// Writes a crash report to a separate pipe. Leaves out the environment, which contains the secrets.
const prologue = `
import { writeSync } from 'node:fs';
process.once('exit', () => {
  const { environmentVariables, ...report } = process.report.getReport();
  writeSync(3, JSON.stringify({ report, argv: process.argv, execArgv: process.execArgv, title: process.title }));
});
`;

/** Runs a program in its own process and folder. Returns all its output and its exit code. */
export async function artefactsOfRun(
  program: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly exitCode: number | null; readonly artefacts: readonly Artefact[] }> {
  const folder = await temporaryFolder();
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  // The program can write only to this folder, where its files are searched.
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

async function textOf(stream: unknown): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Names and contents of the files in a folder and its subfolders. */
export async function filesIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(paths.map(async (path) => `${path}\n${await readFile(path, 'latin1')}`))).join('\n');
}
