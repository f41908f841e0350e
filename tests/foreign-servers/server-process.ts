import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Options of {@link startServerProcess}. */
export interface ServerProcessOptions {
  readonly file: string;
  readonly argv: readonly string[];
  /** Environment variables beside `PATH` and `HOME`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Files that are written to the working directory, by name. */
  readonly data: Readonly<Record<string, string>>;
  /** Runs in the working directory before the server starts. */
  readonly prepare?: (folder: string) => Promise<unknown>;
  /** Matches the output of a server that is ready. */
  readonly ready: RegExp;
}

/** A server that runs in a process and in a temporary folder of its own. */
export interface ServerProcess {
  /** The match of `ready`. */
  readonly ready: RegExpExecArray;
  /** Kills the process and removes the folder. */
  readonly stop: () => Promise<void>;
}

/** Starts a server in a new temporary folder, and waits until it is ready. */
export async function startServerProcess({
  file,
  argv,
  environment = {},
  data,
  prepare,
  ready,
}: ServerProcessOptions): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'm2m-tokens-'));
  for (const [name, text] of Object.entries(data)) await writeFile(join(folder, name), text);
  await prepare?.(folder);

  const server = spawn(file, argv, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(server, 'close');
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };

  let output = '';
  const becomesReady = new Promise<RegExpExecArray>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = ready.exec(output);
      if (match !== null) resolve(match);
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('error', reject);
    server.once('close', () => reject(new Error(`${file} ended: ${output}`)));
    AbortSignal.timeout(startTimeoutMs).addEventListener('abort', () =>
      reject(new Error(`${file} is not ready after ${startTimeoutMs} ms: ${output}`)),
    );
  });
  try {
    return { ready: await becomesReady, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

// For slow or busy machines; a second or less is usual.
const startTimeoutMs = 20_000;
