import { exponential, seededRandom } from './seeded-random.js';

/** What a fleet lives through; times are in milliseconds since all its replicas were started. */
export interface Conditions {
  readonly replicas: number;
  readonly seed: number;
  readonly lifetimeMs: number;
  /** Calls to the API by each replica; they are a Poisson process. */
  readonly callsPerSecond: number;
  /** When the authorization server answers each request with a 503. */
  readonly outage?: { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly untilMs: number;
}

/** Called for each request, with the time at which it reaches the authorization server. */
export type Recorder = (atMs: number, isGranted: boolean) => void;

/** The life of one replica. Replicas know nothing of each other and the server never tires: each has a time of its own. */
export type Replica = (
  surroundings: Surroundings,
  record: Recorder,
  /** Called for a call that failed because there was no token. */
  callFailed: () => void,
) => void | Promise<void>;

/** What happens to one replica, drawn from streams of its own, so that it is the same for all policies. */
export interface Surroundings extends Conditions {
  /** The first call at or after a time. Calls have no memory: those before it need not be drawn. */
  readonly nextCall: (fromMs: number) => number;
  /** How long the authorization server takes for a request and its answer: 50 to 200 ms. */
  readonly latencyMs: () => number;
  readonly isAvailable: (atMs: number) => boolean;
  /** A stream for one purpose of the replica itself. */
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
