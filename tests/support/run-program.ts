import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The exit code and the output of a program. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of a program. Its environment has no other variables. */
export interface ProgramOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs a TypeScript file of this project in a process of its own; the path is relative to the root. esbuild compiles it
 * with all its imports, because tsx would take a second to load in each process.
 */
export async function runProgram(file: string, options: ProgramOptions = {}): Promise<Outcome> {
  return spawnProgram(await bundleOf(file), options).ended;
}

/** Starts a program that esbuild has compiled. */
export function spawnProgram(program: string, { environment = {}, argv = [] }: ProgramOptions) {
  // Read from stdin, so that Node.js finds packages from the working directory.
  const child = spawn(process.execPath, ['--input-type=module', '-', ...argv], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  child.stdin.end(program);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const ended = Promise.all([exited, textOf(child.stdout), textOf(child.stderr)]);
  return { child, ended: ended.then(([exitCode, stdout, stderr]): Outcome => ({ exitCode, stdout, stderr })) };
}

/** The programs that ran before, by file. */
const bundles = new Map<string, Promise<string>>();

/** The file with its imports from this project; packages remain imports. It is compiled once. */
export function bundleOf(file: string): Promise<string> {
  const bundling = bundles.get(file) ?? bundle(file);
  bundles.set(file, bundling);
  return bundling;
}

async function bundle(file: string): Promise<string> {
  const options = ['--bundle', '--format=esm', '--platform=node', '--packages=external', '--log-level=error'];
  const { stdout } = await promisify(execFile)('node_modules/.bin/esbuild', [file, ...options], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
