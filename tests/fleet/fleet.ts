import { type Conditions, type Replica, surroundings } from './replica.js';

/** What the authorization server saw of a fleet, second by second. */
export interface Traffic {
  /** All requests, also those that were refused. */
  readonly requests: Uint32Array;
  readonly grants: Uint32Array;
  /** When the first and the last replica got their first token, their second one, and so on. */
  readonly waves: readonly Wave[];
  /** How long after the outage the last replica got a token; `Infinity` when one got none. */
  readonly lastServedMs: number;
  /** How many replicas had a call that failed because there was no token. */
  readonly replicasWithFailedCalls: number;
}

/** Times in milliseconds. */
export interface Wave {
  readonly fromMs: number;
  readonly toMs: number;
}

const together = 50;

/** Lets a fleet of equal replicas live through the conditions. */
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

  // The errors of an outage are many, and nobody reads where they were made.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    // Some at a time: together they wait less for the event loop, and all of them would fill the heap.
    for (let index = 0; index < replicas; index += together) {
      await Promise.all(Array.from({ length: Math.min(together, replicas - index) }, (_, next) => live(index + next)));
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { requests, grants, waves, lastServedMs, replicasWithFailedCalls };
}

/** The greatest number in one of the seconds that a span of time touches. */
export function peak(perSecond: Uint32Array, { fromMs, toMs }: Wave): number {
  return perSecond
    .subarray(Math.floor(fromMs / 1_000), Math.floor(toMs / 1_000) + 1)
    .reduce((a, b) => Math.max(a, b), 0);
}

/** The sum over the seconds that a span of time touches. */
export function sum(perSecond: Uint32Array, { fromMs, toMs }: Wave): number {
  return perSecond.subarray(Math.floor(fromMs / 1_000), Math.floor(toMs / 1_000) + 1).reduce((a, b) => a + b, 0);
}
