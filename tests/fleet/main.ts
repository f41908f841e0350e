/**
 * Simulates the load of many replicas on their authorization server: at the start, at renewals and after an outage.
 *
 *     npm run simulate:fleet -- [--replicas N] [--lifetime SECONDS] [--calls-per-second N] [--seed N] [--sizes N,N,…] [--json] [--svg FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { chart } from './chart.js';
import {
  type FleetOptions,
  library,
  measureEscape,
  measurePeaks,
  measureRecovery,
  measureRenewal,
  recoveryPolicies,
  renewalPolicies,
  simulateRenewals,
} from './measurements.js';
import { type Report, text } from './report.js';

const { values: flags } = parseArgs({
  options: {
    replicas: { type: 'string', default: '500' },
    lifetime: { type: 'string', default: '3600' },
    'calls-per-second': { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    sizes: { type: 'string', default: '10,100,500,10000' },
    json: { type: 'boolean', default: false },
    svg: { type: 'string' },
  },
});
const options: FleetOptions = {
  replicas: positive('replicas'),
  callsPerSecond: positive('calls-per-second'),
  seed: positive('seed'),
};
const lifetimeSeconds = positive('lifetime');
const sizes = flags.sizes.split(',').map(Number);

if (flags.svg === undefined) {
  const report = await measure();
  console.log(flags.json ? JSON.stringify(report, null, 2) : text(report));
} else {
  writeFileSync(flags.svg, await draw());
}

async function measure(): Promise<Report> {
  return {
    ...options,
    lifetimeSeconds,
    renewals: await each(renewalPolicies.keys(), (policy) => measureRenewal(options, lifetimeSeconds * 1_000, policy)),
    lifetimes: await each([60, 300, 3_600, 43_200], (seconds) => measurePeaks(options, seconds)),
    recoveries: await each(recoveryPolicies.keys(), (policy) => measureRecovery(options, policy)),
    sizes: await each(sizes, async (replicas) => ({
      replicas,
      escapes: await each(recoveryPolicies.keys(), (policy) => measureEscape({ ...options, replicas }, policy)),
      recoveries: await each(recoveryPolicies.keys(), (policy) => measureRecovery({ ...options, replicas }, policy)),
    })),
  };
}

async function draw(): Promise<string> {
  const shown = {
    'our window, drawn at each check': 'jitter at each check',
    'fixed, 300 s before expiry': '300 s before expiry',
    'fixed, 60 s before expiry': '60 s before expiry',
    // Last, so that it is drawn over the others.
    [library]: library,
  };
  const renewals = await each(Object.entries(shown), async ([policy, label]) => {
    const { grants, waves } = await simulateRenewals(options, lifetimeSeconds * 1_000, policy);
    return { label, perSecond: grants, ...waves[1] };
  });
  const fromSecond = Math.min(...renewals.map(({ fromMs = 0 }) => fromMs)) / 1_000;
  const toSecond = Math.max(...renewals.map(({ toMs = 0 }) => toMs)) / 1_000;
  const margin = (toSecond - fromSecond) / 20;
  return chart({
    title: `First renewal of ${options.replicas.toLocaleString('en-US')} replicas that were started together`,
    subtitle: `Grants a second at the authorization server; tokens live ${lifetimeSeconds.toLocaleString('en-US')} s. Numbers: the worst second.`,
    series: renewals,
    fromSecond: Math.floor(fromSecond - margin),
    toSecond: Math.ceil(toSecond + margin),
  });
}

async function each<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

function positive(name: 'replicas' | 'lifetime' | 'calls-per-second' | 'seed'): number {
  const value = Number(flags[name]);
  if (!(value > 0 && Number.isFinite(value)))
    throw new Error(`--${name} must be a positive number, not "${flags[name]}"`);
  return value;
}
