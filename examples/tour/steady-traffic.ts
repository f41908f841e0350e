import { setTimeout as delay } from 'node:timers/promises';

/** The number and the outcomes of calls. */
export interface Traffic {
  readonly calls: number;
  readonly outcomes: readonly string[];
  /** The duration of the slowest call. */
  readonly slowestMs: number;
}

/** Starts calls at a steady rate and waits for all of them. */
export async function steadyTraffic(
  call: () => Promise<string>,
  { everyMs, forMs }: { readonly everyMs: number; readonly forMs: number },
): Promise<Traffic> {
  const end = performance.now() + forMs;
  const calls: Promise<string>[] = [];
  let slowestMs = 0;

  const timedCall = async (): Promise<string> => {
    const start = performance.now();
    const outcome = await call();
    slowestMs = Math.max(slowestMs, performance.now() - start);
    return outcome;
  };

  while (performance.now() < end) {
    calls.push(timedCall());
    await delay(everyMs);
  }
  const outcomes = await Promise.all(calls);
  return { calls: calls.length, outcomes, slowestMs };
}
