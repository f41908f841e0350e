/**
 * Compares time and memory with handwritten code. Exits with 1 if a target is missed.
 *
 *     npm run benchmark -- [--processes N] [measurement ...]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { authorizedRequest } from './authorized-request.js';
import { buildPackage } from './built-package.js';
import { cachedToken, chainOfThree } from './cached-token.js';
import { coldCalls } from './cold-calls.js';
import { command } from './command.js';
import { dpopRequest } from './dpop-request.js';
import { importTime } from './import-time.js';
import { manyScopes } from './many-scopes.js';
import { isMet, medians, type Result, table } from './result.js';
import { coldProcesses, sharedHit } from './shared-store.js';
import { axiosWithTelemetry, cachedTokenWithMetrics } from './telemetry.js';
import { tenants } from './tenants.js';
import { tokenRequests } from './token-requests.js';

/** One measurement, in a process of its own. */
interface Measurement {
  measure(): Promise<Result[]>;
  /** Whether several processes measure it: compiled code differs from process to process. @default false */
  readonly varies?: boolean;
  /** Whether it counts bytes, so that no collection may happen during a count. @default false */
  readonly countsBytes?: boolean;
}

const measurements: Readonly<Record<string, Measurement>> = {
  'axios-1': { measure: authorizedRequest('axios', 1), varies: true },
  'axios-50': { measure: authorizedRequest('axios', 50), varies: true },
  'fetch-1': { measure: authorizedRequest('fetch', 1), varies: true },
  'fetch-50': { measure: authorizedRequest('fetch', 50), varies: true },
  'undici-1': { measure: authorizedRequest('undici', 1), varies: true },
  'undici-50': { measure: authorizedRequest('undici', 50), varies: true },
  dpop: { measure: dpopRequest, varies: true },
  'cached-token': { measure: cachedToken, varies: true, countsBytes: true },
  'chain-of-three': { measure: chainOfThree, varies: true },
  'cached-token-metrics': { measure: cachedTokenWithMetrics, varies: true },
  'axios-telemetry': { measure: axiosWithTelemetry, varies: true },
  'token-requests': { measure: tokenRequests, varies: true },
  'cold-calls': { measure: coldCalls },
  'many-scopes': { measure: manyScopes, countsBytes: true },
  tenants: { measure: tenants, countsBytes: true },
  'import-time': { measure: importTime },
  command: { measure: command },
  'shared-hit': { measure: sharedHit },
  'cold-processes': { measure: coldProcesses },
};

// For measurements of bytes only: with so much memory for new objects, the processor caches are less effective.
const roomForObjects = ['--min-semi-space-size=16', '--max-semi-space-size=64'];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** The number of processes of a measurement that varies. */
    processes: { type: 'string', default: '12' },
    /** Set for the process of one measurement. */
    measure: { type: 'string' },
  },
});

if (flags.measure === undefined) await runAll();
else process.send?.(await measurement(flags.measure).measure());

async function runAll(): Promise<void> {
  const names = positionals.length > 0 ? positionals : Object.keys(measurements);
  const runs = new Map(names.map((name) => [name, [] as Result[][]]));
  const timesOf = (name: string): number => (measurement(name).varies === true ? Number(flags.processes) : 1);
  const rounds = Math.max(...names.map(timesOf));
  buildPackage();

  // In turns, so that a disturbance of the machine affects all measurements.
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of names) {
      if (round > timesOf(name)) continue;
      process.stderr.write(`${name} ${round}/${timesOf(name)}\n`);
      runs.get(name)?.push(await inOwnProcess(name));
    }
  }
  const results = [...runs.values()].flatMap(medians);
  console.log(table(results));
  if (results.some((result) => isMet(result) === false)) process.exitCode = 1;
}

function measurement(name: string): Measurement {
  const found = measurements[name];
  if (found === undefined)
    throw new Error(`no measurement "${name}"; expected ${Object.keys(measurements).join(', ')}`);
  return found;
}

async function inOwnProcess(name: string): Promise<Result[]> {
  const child = fork(fileURLToPath(import.meta.url), ['--measure', name], {
    execArgv: [...process.execArgv, '--expose-gc', ...(measurement(name).countsBytes === true ? roomForObjects : [])],
  });
  let results: Result[] | undefined;
  child.on('message', (message) => {
    results = message as Result[];
  });
  await once(child, 'exit');
  if (results === undefined) throw new Error(`the measurement "${name}" failed`);
  return results;
}
