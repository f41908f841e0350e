import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

/** The source of time; both readings are in milliseconds. */
export interface Clock {
  /** Wall-clock time since the epoch. It can step in both directions. */
  now(): number;
  /** Time since a fixed moment in the life of the process. It never steps, but may stop while the machine sleeps. */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds; rejects with the reason of `signal` if it is aborted earlier. With `ref: false`, the
   * timer does not keep the process alive.
   */
  sleep(ms: number, signal?: AbortSignal, options?: { readonly ref?: boolean }): Promise<void>;
}

/** The clocks of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  // The timer rejects with an AbortError instead of the reason of the signal.
  sleep: (ms, signal, options) =>
    setTimeout(ms, undefined, { ...options, ...(signal && { signal }) }).catch(() => signal?.throwIfAborted()),
};

/** One moment, read on both clocks. */
export interface Instant {
  readonly wall: number;
  readonly monotonic: number;
}

/** Reads both clocks. */
export function instant(clock: Clock): Instant {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/**
 * Milliseconds since `start`: the larger value of both clocks, because the wall clock may be set back and the monotonic
 * clock may stop.
 */
export function elapsedMs(start: Instant, clock: Clock): number {
  return Math.max(clock.now() - start.wall, clock.monotonic() - start.monotonic);
}
