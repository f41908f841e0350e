import { type Clock, elapsedMs, instant } from './clock.js';

/** A period of time that has started. */
export interface Pause {
  /** Milliseconds until it ends; 0 once it is over. */
  remainingMs(): number;
}

/** Starts a pause. It ends when `ms` milliseconds have passed on either clock. */
export function pause(ms: number, clock: Clock): Pause {
  const since = instant(clock);
  return { remainingMs: () => Math.max(0, ms - elapsedMs(since, clock)) };
}
