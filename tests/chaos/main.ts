/**
 * Calls an API for a while over real sockets, with the real clock, while the authorization server has all sorts of trouble
 * and the API revokes tokens; beside them, replicas that share a store revoke their tokens. Exit code 1 and a line for each rule
 * that was broken. With --observe each token service has a logger, and an hour of its log may have 100 lines.
 *
 *     npm run chaos -- [--seconds 60] [--seed 1] [--callers 50] [--worlds 10] [--observe] [--json]
 */
import { parseArgs } from 'node:util';

import { runChaos } from './chaos-run.js';
import { inWords } from './report.js';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    /** @default one of its own for each run */
    seed: { type: 'string' },
    callers: { type: 'string', default: '50' },
    worlds: { type: 'string', default: '10' },
    observe: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const report = await runChaos({
  seed: flags.seed === undefined ? Date.now() % 1_000_000 : positive('seed', flags.seed),
  seconds: positive('seconds', flags.seconds),
  callers: positive('callers', flags.callers),
  worlds: positive('worlds', flags.worlds),
  observe: flags.observe,
});
console.log(flags.json ? JSON.stringify(report, null, 2) : inWords(report));
// Nor does a run show anything in which nothing happened.
if (report.violations.length > 0 || report.calls.succeeded === 0) process.exitCode = 1;

// Does not keep the process alive itself: it only has a say when something else does.
setTimeout(() => {
  console.error(`✗ the process does not end: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, 5_000).unref();

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not "${text}"`);
  return value;
}
