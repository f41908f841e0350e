import type { Finding } from './findings.js';
import type { Durations } from './statistics.js';

/** Numbers by name. */
type Counts = Readonly<Record<string, number>>;

/** The counts of one world, or the sums of several. */
export interface Figures {
  readonly calls: Record<'made' | 'succeeded' | 'failed' | 'givenUp', number>;
  /** Failed calls by the error of the caller: the code of a TokenError, or 401. */
  readonly failures: Counts;
  /**
   * `asked`: requests that reached a token endpoint; `given`: tokens that the server granted; `received`: tokens that
   * reached the client in time; `renewals`: received tokens whose predecessor had neither expired nor been revoked.
   */
  readonly grants: Record<'asked' | 'given' | 'received' | 'renewals' | 'failedRenewals', number>;
  /** Attempts of a grant that failed, by the code of the error. */
  readonly failedAttempts: Counts;
  /** `unauthorized`: responses with 401, after most of which a resend succeeds. */
  readonly api: Record<'revocations' | 'unauthorized' | 'resends', number>;
  /** How often each condition of the authorization server occurred. */
  readonly weather: Counts;
}

/** The result of a run. */
export interface Report extends Figures {
  readonly seed: number;
  readonly seconds: number;
  readonly callers: number;
  readonly worlds: number;
  /** The counts of the replicas that share a store. */
  readonly shared: Counts;
  /** Lines at `info` and above in the log of one token service, at most; then the lines of all of them by type. */
  readonly log: Counts;
  /** Exports of metrics and the time series of the last one; exported spans; messages of the channels. */
  readonly telemetry: Counts;
  /** The heap after garbage collections; nothing after a short run. */
  readonly heap: Counts;
  readonly tokenWaitMs: Durations;
  /** The longest time between the end of the faults in a world and its first successful call. */
  readonly longestRecoveryMs: number;
  readonly violations: readonly Finding[];
}

/** The figures of all worlds together. */
export function sumOf(all: readonly Figures[]): Figures {
  const add = <Name extends keyof Figures>(name: Name): Figures[Name] => {
    const sum: Record<string, number> = {};
    for (const figures of all) {
      for (const [key, count] of Object.entries(figures[name])) sum[key] = (sum[key] ?? 0) + count;
    }
    return sum as Figures[Name];
  };
  return {
    calls: add('calls'),
    failures: add('failures'),
    grants: add('grants'),
    failedAttempts: add('failedAttempts'),
    api: add('api'),
    weather: add('weather'),
  };
}

/** The report as text. */
export function inWords(report: Report): string {
  const { calls, failures, grants, api, tokenWaitMs: wait, violations } = report;
  const share = calls.made === 0 ? 0 : (100 * calls.succeeded) / calls.made;
  const lines: readonly (readonly [string, string])[] = [
    ['run', `seed ${report.seed}, ${report.seconds} s, ${report.callers} callers in ${report.worlds} worlds`],
    ['calls', `${calls.made} made, ${calls.succeeded} succeeded (${share.toFixed(1)} %), ${calls.failed} failed`],
    ['', `${calls.givenUp} aborted by their callers`],
    ['failures', inList(failures)],
    ['grants', `${grants.asked} token requests, ${grants.given} tokens granted, ${grants.received} received in time`],
    ['', `${grants.renewals} renewals, ${grants.failedRenewals} failed ones`],
    ['attempts', `failed: ${inList(report.failedAttempts)}`],
    [
      '401s',
      `${api.unauthorized} by the API after ${api.revocations} revocations, ${failures['401'] ?? 0} seen by callers`,
    ],
    ['resends', String(api.resends)],
    ['wait', `p50 ${wait.p50} ms, p99 ${wait.p99} ms, longest ${wait.longest} ms for a token`],
    ['weather', inList(report.weather)],
    ['shared', inList(report.shared)],
    ['log', inList(report.log)],
    ['telemetry', inList(report.telemetry)],
    ['heap', inList(report.heap)],
    ['recovery', `a call succeeded at most ${report.longestRecoveryMs} ms after the last fault`],
  ];
  return [
    ...lines.map(([name, text]) => `${name.padEnd(10)}${text}`),
    ...violations.flatMap(inLines),
    violations.length === 0 ? '✓ no rule was broken' : `✗ rules broken: ${violations.length}`,
  ].join('\n');
}

const inLines = ({ rule, count, examples }: Finding): string[] => [
  `✗ ${rule}: ${count} times`,
  ...examples.map((example) => `    ${example}`),
];

const inList = (counts: Counts): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';
