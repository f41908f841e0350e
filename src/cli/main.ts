#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import { systemClock } from '../core/clock.js';
import { Interruption } from './io/command-error.js';
import { run } from './run.js';

// Built as CommonJS, which starts faster. The files that run.ts imports on demand are ES modules.

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The second signal ends the process.
  process.once(signal, () => interrupted.abort(new Interruption(signal)));
}
// The reader of a pipe may close it early, as `head` does. The command then exits with 0.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

async function main(): Promise<void> {
  const packageJson = readFileSync(join(realpathSync(process.argv[1] as string), '../../../package.json'), 'utf8');
  const exitCode = await run(process.argv.slice(2), {
    // A getter: Node.js opens stdin at the first access, which takes time.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    proxyFor: async (url) => (await import('proxy-from-env')).getProxyForUrl(url.href),
    signal: interrupted.signal,
    clock: systemClock,
    version: (JSON.parse(packageJson) as { version: string }).version,
  });
  // A grant continues after its caller aborts. The process does not wait for it.
  if (interrupted.signal.aborted) process.exit(exitCode);
  process.exitCode = exitCode;
}

void main();
