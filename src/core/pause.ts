import { type Clock, elapsedMs, instant } from './clock.js';

/** A span of time that has begun. */
export interface Pause {
  /** Milliseconds until it ends; 0 once it is over. */
  remainingMs(): number;
}

/** Begins a pause of `ms` milliseconds. The clock that is further ahead decides when it is over. */
export function pause(ms: number, clock: Clock): Pause {
  const since = instant(clock);
  return { remainingMs: () => Math.max(0, ms - elapsedMs(since, clock)) };
}
