import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from './free-port.js';
import { redisProgram } from './programs.js';

/** A Redis server on loopback that writes no data to disk. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly process: ChildProcess;
  /** Kills the server at once. Its data is lost. */
  kill(): Promise<void>;
}

/** Options of a Redis server. */
export interface RedisServerOptions {
  /** @default a free one */
  readonly port?: number | undefined;
  /** Further settings, as on its command line: `['--requirepass', 'secret']`. */
  readonly settings?: readonly string[] | undefined;
  /** Whether it is a sentinel, which watches other servers and holds no data. */
  readonly isSentinel?: boolean | undefined;
}

/** Starts a Redis server and waits until it takes connections. */
export async function runRedis({
  port,
  settings = [],
  isSentinel = false,
}: RedisServerOptions = {}): Promise<RedisServer> {
  const chosen = port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const fixed = ['--port', String(chosen), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  // A sentinel writes its state to its configuration file.
  const configuration = join(folder, 'sentinel.conf');
  if (isSentinel) await writeFile(configuration, '');
  const mode = isSentinel ? [configuration, '--sentinel'] : [];
  const server = spawn(redisProgram() ?? 'redis-server', [...mode, ...fixed, ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');

  let log = '';
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (/Ready to accept connections|Sentinel ID is/.test(log)) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`redis-server ended: ${log}`)));
  });

  prefer(server.pid);

  return {
    port: chosen,
    url: `redis://127.0.0.1:${chosen}`,
    process: server,
    async kill() {
      server.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// Raises the priority of the server: on a small machine, fifty clients would leave it no processor time. Needs root.
function prefer(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, -10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
  }
}
