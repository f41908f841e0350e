import { exponential, seededRandom } from './seeded-random.js';

/** The conditions of a simulation. Times are in milliseconds since the start of all replicas. */
export interface Conditions {
  readonly replicas: number;
  readonly seed: number;
  readonly lifetimeMs: number;
  /** The rate of API calls of each replica, a Poisson process. */
  readonly callsPerSecond: number;
  /** The period in which the authorization server responds to each request with a 503. */
  readonly outage?: { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly untilMs: number;
}

/** Called for each request, with the time at which it reaches the authorization server. */
export type Recorder = (atMs: number, isGranted: boolean) => void;

/**
 * Simulates one replica. Replicas share no state, and the load does not slow the server down, so each replica has its
 * own time.
 */
export type Replica = (
  surroundings: Surroundings,
  record: Recorder,
  /** Called when a call fails for lack of a token. */
  callFailed: () => void,
) => void | Promise<void>;

/** The environment of one replica. It has its own random numbers, so that it is the same for all policies. */
export interface Surroundings extends Conditions {
  /** The first call at or after a time. A Poisson process has no memory, so earlier calls need not be drawn. */
  readonly nextCall: (fromMs: number) => number;
  /** The time from a request to its response: 50 to 200 ms. */
  readonly latencyMs: () => number;
  readonly isAvailable: (atMs: number) => boolean;
  /** Random numbers for one purpose of the replica. */
  readonly random: (purpose: number) => () => number;
}

export function surroundings(conditions: Conditions, index: number): Surroundings {
  const { seed, callsPerSecond, outage } = conditions;
  const random = (purpose: number) => seededRandom(seed, index, purpose);
  const [calls, latencies] = [random(0), random(1)];
  return {
    ...conditions,
    random,
    nextCall: (fromMs) => fromMs + exponential(calls, 1_000 / callsPerSecond),
    latencyMs: () => 50 + 150 * latencies(),
    isAvailable: (atMs) => outage === undefined || atMs < outage.fromMs || atMs >= outage.toMs,
  };
}
