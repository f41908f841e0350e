/**
 * Speed and memory. Ratios are of interleaved rounds in one process, each measurement has processes of its own.
 *
 *     npm run benchmark -- [--json] [--check] [measurement ...]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { axiosRequest } from './axios-request.js';
import { buildPackage } from './built-package.js';
import { cachedToken } from './cached-token.js';
import { coldCalls } from './cold-calls.js';
import { command } from './command.js';
import { dpopRequest } from './dpop-request.js';
import { fetchRequest } from './fetch-request.js';
import { importTime } from './import-time.js';
import { manyScopes } from './many-scopes.js';
import { isMet, middle, type Result, table } from './result.js';
import { coldProcesses, sharedHit } from './shared-store.js';
import { undiciRequest } from './undici-request.js';

const measurements = new Map([
  ['cached-token', cachedToken],
  ['axios-request', axiosRequest],
  ['dpop-request', dpopRequest],
  ['fetch-request', fetchRequest],
  ['undici-request', undiciRequest],
  ['cold-calls', coldCalls],
  ['many-scopes', manyScopes],
  ['import-time', importTime],
  ['command', command],
  ['shared-hit', sharedHit],
  ['cold-processes', coldProcesses],
]);

// What the engine makes of the same code differs from process to process, by more than a hundredth of an HTTP request.
const processes = new Map([
  ['axios-request', 9],
  ['dpop-request', 5],
  ['fetch-request', 15],
  ['undici-request', 15],
]);

// Young objects have room enough that no collection falls into a count of bytes. Any other measurement has what a service has
// by default: with more room each new object is in memory that no cache holds.
const countsBytes = new Set(['cached-token', 'many-scopes']);
const roomFlags = ['--min-semi-space-size=16', '--max-semi-space-size=64'];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    /** Exit code 1 when a target is missed. */
    check: { type: 'boolean', default: false },
    /** How a process is told that it is one of a measurement. */
    measure: { type: 'string' },
  },
});

if (flags.measure === undefined) await runAll();
else process.send?.(await measurement(flags.measure)());

async function runAll(): Promise<void> {
  const names = positionals.length > 0 ? positionals : [...measurements.keys()];
  names.forEach(measurement);
  buildPackage();

  const results: Result[] = [];
  for (const name of names) {
    if (!flags.json) process.stderr.write(`${name} …\n`);
    const runs: Result[][] = [];
    for (let run = 0; run < (processes.get(name) ?? 1); run += 1) runs.push(await inOwnProcess(name));
    results.push(...middle(runs));
  }
  const marked = results.map((result) => ({ ...result, met: isMet(result) }));
  console.log(flags.json ? JSON.stringify(marked, null, 2) : table(results));
  if (flags.check && marked.some(({ met }) => met === false)) process.exitCode = 1;
}

function measurement(name: string): () => Promise<Result[]> {
  const found = measurements.get(name);
  if (found === undefined)
    throw new Error(`no measurement "${name}"; there are: ${[...measurements.keys()].join(', ')}`);
  return found;
}

// What one measurement leaves behind, in the heap and in what the engine has learnt, would be in the figures of the next.
async function inOwnProcess(name: string): Promise<Result[]> {
  const child = fork(fileURLToPath(import.meta.url), ['--measure', name], {
    execArgv: [...process.execArgv, '--expose-gc', ...(countsBytes.has(name) ? roomFlags : [])],
  });
  let results: Result[] | undefined;
  child.on('message', (message) => {
    results = message as Result[];
  });
  await once(child, 'exit');
  if (results === undefined) throw new Error(`the measurement "${name}" failed`);
  return results;
}
