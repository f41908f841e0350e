import {
  type Escape,
  laterRenewals,
  library,
  type PeaksByLifetime,
  type Recovery,
  type Renewal,
} from './measurements.js';

export interface Report {
  readonly replicas: number;
  readonly seed: number;
  readonly callsPerSecond: number;
  readonly lifetimeSeconds: number;
  readonly renewals: readonly Renewal[];
  readonly lifetimes: readonly PeaksByLifetime[];
  readonly recoveries: readonly Recovery[];
  /** The outages for fleets of different sizes. */
  readonly sizes: readonly FleetSize[];
}

/** The measurements of both outages for one size of the fleet. */
export interface FleetSize {
  readonly replicas: number;
  readonly escapes: readonly Escape[];
  readonly recoveries: readonly Recovery[];
}

/** The report as text for the terminal. */
export function text({
  replicas,
  seed,
  callsPerSecond,
  lifetimeSeconds,
  renewals,
  lifetimes,
  recoveries,
  sizes,
}: Report): string {
  const policies = Object.keys(lifetimes[0]?.peaks ?? {});
  return [
    `${count(replicas)} replicas started together, each with ${callsPerSecond} calls a second (Poisson), seed ${seed}.`,
    `${library} is its real layers (rate limit, retry, negative cache, cache) in virtual time; the others are models:`,
    'they renew on use with one request at a time. The authorization server responds in 50 to 200 ms, whatever the load.',
    'A peak is the worst second. A grant is a token request whose response contains a token.',
    '',
    `Grants a second, tokens of ${count(lifetimeSeconds)} s`,
    '',
    table(
      ['', 'boot: peak', 'first renewal: peak', 'mean', 'spread over', `${laterRenewals}th renewal: peak`],
      renewals.map(({ policy, bootPeak, peak, mean, seconds, laterPeak }) => [
        policy,
        count(bootPeak),
        count(peak),
        figure(mean),
        `${figure(seconds)} s`,
        count(laterPeak),
      ]),
    ),
    '',
    'Peak of the first renewal by the lifetime of tokens, in grants a second',
    '',
    table(
      ['', ...lifetimes.map((row) => `${count(row.lifetimeSeconds)} s`)],
      policies.map((policy) => [policy, ...lifetimes.map(({ peaks }) => count(peaks[policy] ?? NaN))]),
    ),
    '',
    'Ten minutes of 503, in which all tokens (of 600 s) expire',
    '',
    table(
      ['', 'outage: requests a second', 'return: grants a second, mean', 'peak', 'last replica served after'],
      recoveries.map(({ policy, requestsPerSecond, meanAtReturn, peakAtReturn, lastServedSeconds }) => [
        policy,
        figure(requestsPerSecond),
        figure(meanAtReturn),
        count(peakAtReturn),
        `${figure(lastServedSeconds)} s`,
      ]),
    ),
    '',
    'By the number of replicas. First an outage of 100 s that ends 5 s before all tokens (of 300 s) expire; then the one above',
    '',
    table(
      [
        '',
        'replicas',
        'with failed calls',
        'requests a second, mean',
        'peak',
        'all served after',
        'ten minutes: mean',
        'peak',
        'all served after',
      ],
      sizes.flatMap(({ replicas: size, escapes, recoveries: after }) =>
        escapes.map(({ policy, failed, mean, peak, lastServedSeconds }, index) => [
          policy,
          count(size),
          count(failed),
          figure(mean),
          count(peak),
          `${figure(lastServedSeconds)} s`,
          figure(after[index]?.meanAtReturn ?? NaN),
          count(after[index]?.peakAtReturn ?? NaN),
          `${figure(after[index]?.lastServedSeconds ?? NaN)} s`,
        ]),
      ),
    ),
    '',
    'Requests a second are those of the time without any valid token; up to three of one failed call of ours count as three.',
    'The others renew at 80 % ± 5 % of the lifetime and do not retry within a call.',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return [head, ...rows].map(line).join('\n');
}

const count = (value: number): string => value.toLocaleString('en-US');

const figure = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
