import { setTimeout as delay } from 'node:timers/promises';

/** Calls at a steady rate. */
export interface Traffic {
  /** The outcomes so far. */
  readonly outcomes: readonly string[];
  /** The duration of the slowest call so far. */
  readonly slowestMs: number;
  /** Starts no more calls and waits for all of them. */
  stop(): Promise<void>;
}

/** Starts a call every `everyMs`. */
export function startTraffic(call: (number: number) => Promise<string>, everyMs: number): Traffic {
  const calls: Promise<void>[] = [];
  const outcomes: string[] = [];
  const stopped = new AbortController();
  let slowestMs = 0;

  async function timedCall(): Promise<void> {
    const start = performance.now();
    outcomes.push(await call(calls.length));
    slowestMs = Math.max(slowestMs, performance.now() - start);
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      calls.push(timedCall());
      await delay(everyMs);
    }
    await Promise.all(calls);
  }

  const ended = run();
  return {
    outcomes,
    get slowestMs() {
      return slowestMs;
    },
    stop() {
      stopped.abort();
      return ended;
    },
  };
}
