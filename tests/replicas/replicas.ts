import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Command, Report, Setup } from './protocol.js';

/** A replica in a process of its own. */
export interface Replica {
  readonly process: ChildProcess;
  /** Calls `getToken` once. */
  ask(request?: Command['request']): Promise<Report>;
  /** Blocks the event loop for a second. The block begins this time after the call; 0 means the next turn. */
  askAndBlock(afterMs: number): Promise<Report>;
  /** Calls `getToken` repeatedly. */
  repeat(repeat: NonNullable<Command['repeat']>, request?: Command['request']): Promise<Report>;
  kill(): Promise<void>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Bundles the program of a replica into one file, so that fifty processes start quickly. */
export async function buildReplica(): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'replica-')), 'replica.cjs');
  const options = ['--bundle', '--format=cjs', '--platform=node', '--minify', '--log-level=error', `--outfile=${file}`];
  await promisify(execFile)('node_modules/.bin/esbuild', ['tests/replicas/replica.ts', ...options], { cwd: root });
  return file;
}

/** Starts a replica, and waits until it is connected to Redis, or for ten seconds. */
export async function startReplica(program: string, setup: Setup): Promise<Replica> {
  const child = fork(program, [JSON.stringify(setup)], { execArgv: [], env: { PATH: process.env['PATH'] } });
  const ended = once(child, 'exit');
  const waiting = new Map<number, { resolve(report: Report): void; reject(error: Error): void }>();
  let commands = 0;

  const ready = once(child, 'message');
  child.on('message', (message: Report | 'ready') => message !== 'ready' && waiting.get(message.id)?.resolve(message));
  child.once('exit', (code, signal) => {
    for (const report of waiting.values()) report.reject(new Error(`the replica has ended: ${code ?? signal}`));
  });

  const tell = (command: Omit<Command, 'id'>): Promise<Report> =>
    new Promise((resolve, reject) => {
      commands += 1;
      waiting.set(commands, { resolve, reject });
      child.send({ id: commands, ...command });
    });

  await ready;
  return {
    process: child,
    ask: (request) => tell({ request }),
    askAndBlock: (blockAfterMs) => tell({ blockAfterMs }),
    repeat: (repeat, request) => tell({ repeat, request }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
