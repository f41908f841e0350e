import { performance } from 'node:perf_hooks';

/** Measures for how long the event loop was blocked, or the process had no processor. */
export interface Stalls {
  /** The sum of the stalls of the last 3 s, in milliseconds. What the process does may be that late. */
  recentMs(): number;
  stop(): void;
}

const everyMs = 10;
/** A shorter delay is usual. */
const leastMs = 50;
const windowMs = 3_000;

/** Starts to measure stalls. */
export function watchStalls(now: () => number = () => performance.now()): Stalls {
  const stalls: { readonly at: number; readonly ms: number }[] = [];
  let last = now();
  const timer = setInterval(note, everyMs);
  timer.unref();

  function note(): void {
    const at = now();
    const ms = at - last - everyMs;
    last = at;
    if (ms >= leastMs) stalls.push({ at, ms });
    while ((stalls[0]?.at ?? Infinity) < at - windowMs) stalls.shift();
  }

  return {
    recentMs() {
      // After a stall, a request may be handled before the timer.
      note();
      return stalls.reduce((sum, { ms }) => sum + ms, 0);
    },
    stop: () => clearInterval(timer),
  };
}
