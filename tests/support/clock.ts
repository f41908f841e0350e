import type { Clock } from '../../src/core/clock.js';

/** A clock that moves only when it is told to. */
export interface FakeClock extends Clock {
  /** How long those who sleep have asked to, in the order in which they fell asleep. */
  readonly sleeps: readonly number[];
  /** How many sleep now. */
  asleep(): number;
  /** Lets time pass on both clocks, and wakes those whose time has come. */
  advance(ms: number): void;
  /** Sets the wall clock forward or back; the monotonic one does not notice. */
  step(ms: number): void;
}

/** A fake clock that begins at a round time of 2026. */
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
        const sleeper = { until: monotonic + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
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
