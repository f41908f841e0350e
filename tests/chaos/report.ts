import type { Finding } from './findings.js';
import type { Durations } from './statistics.js';

/** What can be added up; the names say what was counted. */
type Counts = Readonly<Record<string, number>>;

/** What was counted in a world, or in several. */
export interface Figures {
  readonly calls: Record<'made' | 'succeeded' | 'failed' | 'givenUp', number>;
  /** Failed calls by what the caller got: the code of a TokenError, or 401. */
  readonly failures: Counts;
  /**
   * `asked`: requests that reached a token endpoint; `received`: tokens that arrived in time; `renewals`: tokens that
   * arrived while the one before was good.
   */
  readonly grants: Record<'asked' | 'given' | 'received' | 'renewals' | 'failedRenewals', number>;
  /** Attempts of a grant that failed, by the code of the error. */
  readonly failedAttempts: Counts;
  /** `unauthorized`: requests that were answered 401, most of them repaired by a resend. */
  readonly api: Record<'revocations' | 'unauthorized' | 'resends', number>;
  /** Spells of each condition of the authorization server. */
  readonly weather: Counts;
}

/** What came of a run. */
export interface Report extends Figures {
  readonly seed: number;
  readonly seconds: number;
  readonly callers: number;
  readonly worlds: number;
  /** What was counted among the replicas that share a store. */
  readonly shared: Counts;
  /** Lines at `info` and above in the log of one token service, at most; then the lines of all of them by type. */
  readonly log: Counts;
  readonly tokenWaitMs: Durations;
  /** From the end of all troubles to the first call that succeeded, in the world where it took longest. */
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

/** The report as lines for people. */
export function inWords(report: Report): string {
  const { calls, failures, grants, api, tokenWaitMs: wait, violations } = report;
  const share = calls.made === 0 ? 0 : (100 * calls.succeeded) / calls.made;
  const lines: readonly (readonly [string, string])[] = [
    ['run', `seed ${report.seed}, ${report.seconds} s, ${report.callers} callers in ${report.worlds} worlds`],
    ['calls', `${calls.made} made, ${calls.succeeded} succeeded (${share.toFixed(1)} %), ${calls.failed} failed`],
    ['', `${calls.givenUp} given up by their callers`],
    ['failures', inList(failures)],
    ['grants', `${grants.asked} asked for, ${grants.given} given, ${grants.received} received in time`],
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
    ['recovery', `a call succeeded ${report.longestRecoveryMs} ms after the last trouble`],
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
