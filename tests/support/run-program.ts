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

/** A program that runs. */
export interface RunningProgram {
  /** What it has written to stdout and stderr so far. */
  readonly written: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly outcome: Promise<Outcome>;
}

/**
 * Runs a TypeScript file of this project in a process of its own; the path is relative to the root. esbuild compiles it
 * with all its imports, because tsx would take a second to load in each process.
 */
export async function runProgram(file: string, options?: ProgramOptions): Promise<Outcome> {
  const { outcome } = await startProgram(file, options);
  return outcome;
}

/** Starts a program as {@link runProgram} does, and returns before its end. */
export async function startProgram(
  file: string,
  { environment = {}, argv = [] }: ProgramOptions = {},
): Promise<RunningProgram> {
  const bundling = bundles.get(file) ?? bundle(file);
  bundles.set(file, bundling);
  const program = await bundling;
  // Read from stdin, so that Node.js finds packages from the working directory.
  const child = spawn(process.execPath, ['--input-type=module', '-', ...argv], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  child.stdin.end(program);

  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      written += text;
    });
  }
  const outcome = async (): Promise<Outcome> => {
    const [exitCode, stdout, stderr] = await Promise.all([ended, textOf(child.stdout), textOf(child.stderr)]);
    return { exitCode, stdout, stderr };
  };
  return { written: () => written, kill: (signal) => void child.kill(signal), outcome: outcome() };
}

/** The programs that ran before, by file. */
const bundles = new Map<string, Promise<string>>();

/** The file with its imports from this project; packages remain imports. */
async function bundle(file: string): Promise<string> {
  const options = ['--bundle', '--format=esm', '--platform=node', '--packages=external', '--log-level=error'];
  const { stdout } = await promisify(execFile)('node_modules/.bin/esbuild', [file, ...options], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
