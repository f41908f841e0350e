import { setTimeout as delay } from 'node:timers/promises';

/** How many calls there were, and how they ended. */
export interface Traffic {
  readonly calls: number;
  readonly outcomes: readonly string[];
  /** How long the slowest call took. */
  readonly slowestMs: number;
}

/** Calls at a steady pace, whether the calls before have ended or not, and waits for all to end. */
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
