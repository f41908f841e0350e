import type { Clock } from '../../src/clock.js';

/** A clock that moves only when it is told to. */
export interface FakeClock extends Clock {
  /** Lets time pass on both clocks. */
  advance(ms: number): void;
  /** Sets the wall clock forward or back; the monotonic one does not notice. */
  step(ms: number): void;
}

/** A fake clock that begins at a round time of 2026. */
export function fakeClock(): FakeClock {
  let wall = Date.UTC(2026, 0, 1);
  let monotonic = 1_000;

  return {
    now: () => wall,
    monotonic: () => monotonic,
    advance(ms) {
      wall += ms;
      monotonic += ms;
    },
    step(ms) {
      wall += ms;
    },
  };
}
