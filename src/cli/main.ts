#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import { systemClock } from '../core/clock.js';
import { Interruption } from './io/command-error.js';
import { run } from './run.js';

// Built as CommonJS, which starts faster; what run.ts imports on demand are modules.

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Once: whoever presses Ctrl-C again means it.
  process.once(signal, () => interrupted.abort(new Interruption(signal)));
}
// Whoever reads has had enough, as "head" has: no reason for an error.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

async function main(): Promise<void> {
  const packageJson = readFileSync(join(realpathSync(process.argv[1] as string), '../../../package.json'), 'utf8');
  const exitCode = await run(process.argv.slice(2), {
    // Opened when it is read: that takes its time.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal: interrupted.signal,
    clock: systemClock,
    version: (JSON.parse(packageJson) as { version: string }).version,
  });
  // A grant that others could share goes on when one gives up waiting: here there are no others.
  if (interrupted.signal.aborted) process.exit(exitCode);
  process.exitCode = exitCode;
}

void main();
