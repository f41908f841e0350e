import { type Conditions, type Replica, surroundings } from './replica.js';

/** The requests of a fleet to the authorization server, by second. */
export interface Traffic {
  /** All requests, including those that were rejected. */
  readonly requests: Uint32Array;
  readonly grants: Uint32Array;
  /** For the first token, the second one and so on: when the first and the last replica received it. */
  readonly waves: readonly Wave[];
  /**
   * The time between the end of the outage and the first token of the last replica; `Infinity` if a replica got none.
   */
  readonly lastServedMs: number;
  /** The number of replicas with a call that failed for lack of a token. */
  readonly replicasWithFailedCalls: number;
}

/** Times in milliseconds. */
export interface Wave {
  readonly fromMs: number;
  readonly toMs: number;
}

const together = 50;

/** Simulates a fleet of equal replicas under these conditions. */
export async function simulateFleet(conditions: Conditions, replica: Replica): Promise<Traffic> {
  const { replicas, untilMs, outage } = conditions;
  const requests = new Uint32Array(Math.ceil(untilMs / 1_000));
  const grants = new Uint32Array(requests.length);
  const waves: { fromMs: number; toMs: number }[] = [];
  let lastServedMs = 0;
  let replicasWithFailedCalls = 0;

  async function live(index: number): Promise<void> {
    let granted = 0;
    let servedMs = Infinity;
    let hasFailed = false;
    const record = (atMs: number, isGranted: boolean): void => {
      if (atMs >= untilMs) return;
      const second = Math.floor(atMs / 1_000);
      requests[second]! += 1;
      if (!isGranted) return;
      grants[second]! += 1;
      const wave = (waves[granted] ??= { fromMs: Infinity, toMs: 0 });
      wave.fromMs = Math.min(wave.fromMs, atMs);
      wave.toMs = Math.max(wave.toMs, atMs);
      granted += 1;
      if (outage && atMs >= outage.toMs) servedMs = Math.min(servedMs, atMs - outage.toMs);
    };
    await replica(surroundings(conditions, index), record, () => (hasFailed = true));
    if (hasFailed) replicasWithFailedCalls += 1;
    lastServedMs = Math.max(lastServedMs, servedMs);
  }

  // An outage causes many errors. Stack traces would take time, and are not used.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    // In groups: one by one, they would wait longer for the event loop; all at once would fill the heap.
    for (let index = 0; index < replicas; index += together) {
      await Promise.all(Array.from({ length: Math.min(together, replicas - index) }, (_, next) => live(index + next)));
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { requests, grants, waves, lastServedMs, replicasWithFailedCalls };
}

/** The greatest number of any second that overlaps with a period. */
export function peak(perSecond: Uint32Array, { fromMs, toMs }: Wave): number {
  return perSecond
    .subarray(Math.floor(fromMs / 1_000), Math.floor(toMs / 1_000) + 1)
    .reduce((a, b) => Math.max(a, b), 0);
}

/** The sum of all seconds that overlap with a period. */
export function sum(perSecond: Uint32Array, { fromMs, toMs }: Wave): number {
  return perSecond.subarray(Math.floor(fromMs / 1_000), Math.floor(toMs / 1_000) + 1).reduce((a, b) => a + b, 0);
}
