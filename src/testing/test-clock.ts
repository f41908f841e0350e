import { type Clock, systemClock } from '../core/clock.js';

/** A clock that follows the time of this machine, or fake timers, and that a test moves forward. */
export interface TestClock extends Clock {
  /** Moves the time forward by `ms` milliseconds, and ends the sleeps whose time has passed. */
  advance(ms: number): void;
}

interface Sleeper {
  readonly until: number;
  /** Starts the timer anew. */
  readonly restart: (ms: number) => void;
}

// Node.js runs a longer timer at once.
const longestTimerMs = 2 ** 31 - 1;

/** Makes a clock that a test moves forward. It uses the global `Date` and `setTimeout`, so that fake timers move it too. */
export function testClock(): TestClock {
  const sleepers = new Set<Sleeper>();
  let aheadMs = 0;
  const monotonic = (): number => systemClock.monotonic() + aheadMs;

  return {
    now: () => systemClock.now() + aheadMs,
    monotonic,
    sleep: (ms, signal, { ref = true } = {}) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        let timer: NodeJS.Timeout;
        const restart = (remainingMs: number): void => {
          clearTimeout(timer);
          timer = setTimeout(end, Math.min(remainingMs, longestTimerMs));
          // A wait without an end must not keep a test process running.
          if (!ref || remainingMs === Infinity) timer.unref?.();
        };
        const sleeper = { until: monotonic() + ms, restart };
        function end(): void {
          clearTimeout(timer);
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', end);
          if (signal?.aborted) reject(signal.reason as Error);
          else resolve();
        }
        sleepers.add(sleeper);
        signal?.addEventListener('abort', end);
        restart(ms);
      }),
    advance(ms) {
      aheadMs += ms;
      for (const { until, restart } of sleepers) restart(Math.max(0, until - monotonic()));
    },
  };
}
