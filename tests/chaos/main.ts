/**
 * Calls APIs over real sockets and with the real clock, while the authorization servers have faults of all kinds and
 * the APIs revoke tokens. At the same time, replicas that share a store revoke their tokens. If a rule is broken,
 * prints a line for it and exits with 1.
 * With --observe all telemetry is on: metrics and traces of the SDK of OpenTelemetry, the channels of Node.js, and a
 * logger for each token service, whose log may have 100 lines in an hour. In half a minute or more, the heap must not
 * grow.
 *
 *     npm run chaos -- [--seconds 60 | --minutes 1] [--seed 1] [--callers 50] [--worlds 10] [--observe] [--json]
 */
import { parseArgs } from 'node:util';

import { runChaos } from './chaos-run.js';
import { inWords } from './report.js';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    /** In place of `seconds`. */
    minutes: { type: 'string' },
    /** @default another one for each run */
    seed: { type: 'string' },
    callers: { type: 'string', default: '50' },
    worlds: { type: 'string', default: '10' },
    observe: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const report = await runChaos({
  seed: flags.seed === undefined ? Date.now() % 1_000_000 : positive('seed', flags.seed),
  seconds: flags.minutes === undefined ? positive('seconds', flags.seconds) : 60 * positive('minutes', flags.minutes),
  callers: positive('callers', flags.callers),
  worlds: positive('worlds', flags.worlds),
  observe: flags.observe,
});
console.log(flags.json ? JSON.stringify(report, null, 2) : inWords(report));
// A run without a successful call proves nothing.
if (report.violations.length > 0 || report.calls.succeeded === 0) process.exitCode = 1;

// An unreferenced timer: it fires only if something else keeps the process alive.
setTimeout(() => {
  console.error(`✗ the process does not end: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, 5_000).unref();

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not "${text}"`);
  return value;
}
