import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** How a program ended. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a program is given; no other environment variables than these. */
export interface ProgramOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs a TypeScript file of this project, named from its root, in a process of its own. esbuild, on which tsx is built,
 * compiles it with all that it imports in one go: to load tsx would take each of these processes a second longer.
 */
export async function runProgram(file: string, { environment = {}, argv = [] }: ProgramOptions = {}): Promise<Outcome> {
  const program = await bundle(file);
  // From stdin, so that its packages are found from the working directory.
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
  const [exitCode, stdout, stderr] = await Promise.all([ended, textOf(child.stdout), textOf(child.stderr)]);
  return { exitCode, stdout, stderr };
}

/** The file and what it imports from this project; packages remain imports. */
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
