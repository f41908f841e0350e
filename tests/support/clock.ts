import type { Clock } from '../../src/core/clock.js';

/** A clock that moves only by `advance` and `step`. */
export interface FakeClock extends Clock {
  /** The durations of all sleeps so far, in their order. */
  readonly sleeps: readonly number[];
  /** The number of pending sleeps. */
  asleep(): number;
  /** Moves the wall clock and the monotonic clock forward, and ends the sleeps whose time has passed. */
  advance(ms: number): void;
  /** Sets the wall clock forward or back. The monotonic clock does not change. */
  step(ms: number): void;
}

/** A fake clock that begins on 1 January 2026. */
export function fakeClock(): FakeClock {
  let wall = Date.UTC(2026, 0, 1);
  let monotonic = 1_000;
  const sleeps: number[] = [];
  const sleepers = new Set<{ readonly until: number; wake(): void }>();

  return {
    sleeps,
    asleep: () => sleepers.size,
    now: () => wall,
    monotonic: () => monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleeps.push(ms);
        const abort = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        const wake = (): void => {
          signal?.removeEventListener('abort', abort);
          resolve();
        };
        const sleeper = { until: monotonic + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', abort);
      }),
    advance(ms) {
      wall += ms;
      monotonic += ms;
      for (const sleeper of sleepers) {
        if (sleeper.until > monotonic) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
    step(ms) {
      wall += ms;
    },
  };
}
