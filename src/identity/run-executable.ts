import type { ChildProcess } from 'node:child_process';

import { cleanText } from '../core/clean-text.js';
import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';
import { inheritedVariables } from './environment.js';
import { maxBytes } from './identity-token.js';

/** A program to run. */
export interface Executable {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** The output of a program that has ended. */
export interface ExecutableOutput {
  readonly stdout: string;
  /** `null` if a signal ended the program. */
  readonly exitCode: number | null;
}

/**
 * Runs a program without a shell, and reads its output. If it runs too long or prints too much, it is killed together
 * with its child processes.
 * @throws {ConfigurationError} if the program cannot be started, {@link GrantUnavailableError} if it is killed
 */
export async function runExecutable({ command, environment, timeoutMs }: Executable): Promise<ExecutableOutput> {
  // Loaded on demand: only this source starts processes.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...inheritedVariables(), ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
      // The program leads a process group, by which its child processes are killed.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = (reason: string): void => {
      clearTimeout(timer);
      killTree(child);
      child.stdout.destroy();
      reject(new GrantUnavailableError(`the executable was killed: it ${reason}`));
    };
    const timer = setTimeout(() => stop(`did not end within ${timeoutMs} ms`), timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) stop(`printed more than ${maxBytes / 1024} KiB`);
      else chunks.push(chunk);
    });
    child.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const code = cause.code ?? 'unknown error';
      reject(new ConfigurationError(`the executable ${cleanText(program)} could not be started (${code})`, { cause }));
    });
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ stdout: Buffer.concat(chunks).toString('utf8'), exitCode });
    });
  });
}

function killTree(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    const { spawn } = process.getBuiltinModule('node:child_process');
    // Windows has no process groups.
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () =>
      child.kill(),
    );
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: the group has ended already.
    child.kill('SIGKILL');
  }
}
