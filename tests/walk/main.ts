/**
 * Counts the source files and functions that run for one call of an API: with a grant, and with a cached token.
 * Exits with 1 if a number of files exceeds its limit.
 *
 *     npm run walk -- [--files]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import type { ClientName, ClientWalk, Walk } from './client.js';

/** The most files that may run for one call. */
const limits: Readonly<Record<ClientName, Readonly<Record<keyof ClientWalk, number>>>> = {
  axios: { grant: 27, cached: 9 },
  fetch: { grant: 28, cached: 10 },
  undici: { grant: 28, cached: 10 },
};

const { values: flags } = parseArgs({
  options: {
    /** Prints the names of the files and functions too. */
    files: { type: 'boolean', default: false },
  },
});

for (const client of Object.keys(limits) as ClientName[]) {
  const walk = await walkOf(client);
  report(`${client}, with a grant`, walk.grant, limits[client].grant);
  report(`${client}, with a cached token`, walk.cached, limits[client].cached);
}

// In a separate process, so that the modules of one client do not count for the next.
async function walkOf(client: ClientName): Promise<ClientWalk> {
  const child = fork(fileURLToPath(new URL('client.ts', import.meta.url)), [client]);
  let walk: ClientWalk | undefined;
  child.on('message', (message) => {
    walk = message as ClientWalk;
  });
  await once(child, 'exit');
  if (walk === undefined) throw new Error(`the call with ${client} failed`);
  return walk;
}

function report(name: string, walk: Walk, limit: number): void {
  const files = Object.entries(walk);
  const functions = files.reduce((sum, [, names]) => sum + names.length, 0);
  const isMet = files.length <= limit;
  const counts = `${files.length} files of at most ${limit}, ${functions} functions`;
  console.log(`${isMet ? '✓' : '✗'} ${name.padEnd(28)} ${counts}`);
  if (flags.files) for (const [file, names] of files) console.log(`    ${file.padEnd(42)} ${names.join(', ')}`);
  if (!isMet) process.exitCode = 1;
}
