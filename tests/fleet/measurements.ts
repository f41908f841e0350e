import { peak, simulateFleet, sum, type Traffic, type Wave } from './fleet.js';
import { libraryReplica } from './library-replica.js';
import { otherRecoveries, otherRenewals, policyReplica } from './policies.js';
import type { Conditions, Replica } from './replica.js';

export type FleetOptions = Pick<Conditions, 'replicas' | 'seed' | 'callsPerSecond'>;

/** Grants a second of a fleet whose replicas were started together. */
export interface Renewal {
  readonly policy: string;
  readonly bootPeak: number;
  /** The greatest number of first renewals in a second. */
  readonly peak: number;
  readonly mean: number;
  /** The time between the earliest and the latest first renewal. */
  readonly seconds: number;
  /** The same as `peak`, for the renewal with the number {@link laterRenewals}. */
  readonly laterPeak: number;
}

/** The greatest number of first renewals a second, by policy. */
export interface PeaksByLifetime {
  readonly lifetimeSeconds: number;
  readonly peaks: Readonly<Record<string, number>>;
}

/** An outage that ends shortly before the tokens expire. */
export interface Escape {
  readonly policy: string;
  /** Replicas with a call that failed. */
  readonly failed: number;
  /** Requests a second from the end of the outage until the last replica has a new token. */
  readonly mean: number;
  /** Requests in the worst second of that time. */
  readonly peak: number;
  readonly lastServedSeconds: number;
}

export interface Recovery {
  readonly policy: string;
  /** During the outage, after all tokens have expired. */
  readonly requestsPerSecond: number;
  /** Grants a second from the end of the outage until the last replica has a token again. */
  readonly meanAtReturn: number;
  /** Grants in the worst second after the outage. */
  readonly peakAtReturn: number;
  /** The time until the last replica has a token again. */
  readonly lastServedSeconds: number;
}

export const library = 'm2m-tokens';
export const laterRenewals = 8;
export const outage = { fromMs: 270_000, toMs: 870_000, lifetimeMs: 600_000 };

/** 100 s that end 5 s before tokens of 300 s expire. */
export const escape = { fromMs: 195_000, toMs: 295_000, lifetimeMs: 300_000 };

export const renewalPolicies = new Map<string, Replica>([
  [library, libraryReplica()],
  ...Object.entries(otherRenewals).map(([name, options]) => [name, policyReplica(options)] as const),
]);

const usual = otherRenewals['80 % ± 5 % of the lifetime'];
export const longBackoff = `${library}, maxBackoffMs: 29500`;
export const recoveryPolicies = new Map<string, Replica>([
  [library, libraryReplica()],
  [longBackoff, libraryReplica({ maxBackoffMs: 29_500 })],
  ...Object.entries(otherRecoveries).map(([name, pace]) => [name, policyReplica({ ...usual, ...pace })] as const),
]);

/** Simulates the fleet from its start until each replica has renewed its token this many times. */
export function simulateRenewals(
  options: FleetOptions,
  lifetimeMs: number,
  policy: string,
  renewals = 1,
): Promise<Traffic> {
  return simulateFleet(
    { ...options, lifetimeMs, untilMs: (renewals + 1) * lifetimeMs },
    replicaOf(renewalPolicies, policy),
  );
}

/** Simulates the fleet from its start, through an outage of ten minutes in which all tokens expire, to its recovery. */
export function simulateOutage(options: FleetOptions, policy: string): Promise<Traffic> {
  const conditions = { ...options, lifetimeMs: outage.lifetimeMs, outage, untilMs: outage.toMs + 90_000 };
  return simulateFleet(conditions, replicaOf(recoveryPolicies, policy));
}

export async function measureRenewal(options: FleetOptions, lifetimeMs: number, policy: string): Promise<Renewal> {
  const { grants, waves } = await simulateRenewals(options, lifetimeMs, policy, laterRenewals);
  const [boot, first, later] = [wave(waves, 0), wave(waves, 1), wave(waves, laterRenewals)];
  const seconds = Math.max(1, (first.toMs - first.fromMs) / 1_000);
  return {
    policy,
    bootPeak: peak(grants, boot),
    peak: peak(grants, first),
    mean: sum(grants, first) / seconds,
    seconds,
    laterPeak: peak(grants, later),
  };
}

export async function measurePeaks(options: FleetOptions, lifetimeSeconds: number): Promise<PeaksByLifetime> {
  const peaks: Record<string, number> = {};
  for (const policy of renewalPolicies.keys()) {
    const { grants, waves } = await simulateRenewals(options, lifetimeSeconds * 1_000, policy);
    peaks[policy] = peak(grants, wave(waves, 1));
  }
  return { lifetimeSeconds, peaks };
}

export async function measureRecovery(options: FleetOptions, policy: string): Promise<Recovery> {
  const { requests, grants, lastServedMs } = await simulateOutage(options, policy);
  const { toMs, lifetimeMs } = outage;
  // The first tokens were issued within the first seconds.
  const withoutTokens = { fromMs: lifetimeMs + 10_000, toMs: toMs - 1 };
  return {
    policy,
    requestsPerSecond: (sum(requests, withoutTokens) * 1_000) / (toMs - withoutTokens.fromMs),
    meanAtReturn: (options.replicas * 1_000) / lastServedMs,
    peakAtReturn: peak(grants, { fromMs: toMs, toMs: toMs + 60_000 }),
    lastServedSeconds: lastServedMs / 1_000,
  };
}

export async function measureEscape(options: FleetOptions, policy: string): Promise<Escape> {
  const { toMs, lifetimeMs } = escape;
  const conditions = { ...options, lifetimeMs, outage: escape, untilMs: toMs + 60_000 };
  const traffic = await simulateFleet(conditions, replicaOf(recoveryPolicies, policy));
  const untilServed = { fromMs: toMs, toMs: toMs + traffic.lastServedMs };
  return {
    policy,
    failed: traffic.replicasWithFailedCalls,
    mean: (sum(traffic.requests, untilServed) * 1_000) / Math.max(1_000, traffic.lastServedMs),
    peak: peak(traffic.requests, untilServed),
    lastServedSeconds: traffic.lastServedMs / 1_000,
  };
}

function replicaOf(policies: ReadonlyMap<string, Replica>, name: string): Replica {
  const replica = policies.get(name);
  if (replica === undefined) throw new Error(`no policy "${name}"; there are: ${[...policies.keys()].join(', ')}`);
  return replica;
}

function wave(waves: readonly Wave[], renewals: number): Wave {
  const found = waves[renewals];
  if (found === undefined) throw new Error(`no replica has renewed its token ${renewals} times`);
  return found;
}
