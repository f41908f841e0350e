#!/usr/bin/env node
import { readFileSync } from 'node:fs';

import { systemClock } from '../clock.js';
import { Interruption } from './command-error.js';
import { run } from './run.js';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Once: whoever presses Ctrl-C again means it.
  process.once(signal, () => interrupted.abort(new Interruption(signal)));
}
// Whoever reads has had enough, as "head" has: no reason for an error.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

const packageJson = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
const exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
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
