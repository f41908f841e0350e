import { withDeadline } from '../../core/abort.js';
import type { Clock } from '../../core/clock.js';
import { pause } from '../../core/pause.js';
import type { Lease } from '../../stores/token-store.js';
import type { SharedEntry } from '../../stores/shared-tokens.js';

/** Options of {@link withLease}. */
export interface LeaseOptions<T> {
  readonly entry: SharedEntry;
  /** Time limit for the wait and the work after it, in milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Looks for the result of another replica: after each wait, and once the lease is taken. */
  readonly find: () => Promise<T | undefined>;
  /** Does the work, which has a deadline of its own. After a wait, `signal` is also aborted at `deadlineMs`. */
  readonly work: (signal: AbortSignal | undefined) => Promise<T>;
  /** Stores the result before the lease is released. The caller does not wait for it. Never rejects. */
  readonly publish: (result: T) => Promise<void>;
  /** Called once if another replica holds the lease, with the time after which this replica works without it. */
  readonly onWait: (ms: number) => void;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Has one replica at a time do the work, while the others poll for its result. A replica works without the lease when
 * the store fails, or when two thirds of the deadline have passed.
 */
export async function withLease<T>(options: LeaseOptions<T>): Promise<T> {
  const { entry, deadlineMs, signal, find, work, publish, onWait, clock, random } = options;
  const deadline = pause(deadlineMs, clock);
  const reservedForWorkMs = deadlineMs / 3;
  // If the holder crashes, the others wait this long. A running holder extends its lease.
  const leaseMs = Math.min(5_000, reservedForWorkMs);

  let waits = 0;
  const workInTime = (): Promise<T> =>
    waits === 0 ? work(signal) : withDeadline(Math.max(deadline.remainingMs(), reservedForWorkMs), signal, work);

  for (; !entry.isSkipped(); waits += 1) {
    const lease = await entry.lease(leaseMs, signal);
    if (lease !== undefined) return workAsHolder(lease);
    if (entry.isSkipped() || deadline.remainingMs() <= reservedForWorkMs) break;
    if (waits === 0) onWait(deadline.remainingMs() - reservedForWorkMs);
    await clock.sleep(Math.min(100, 20 * 2 ** waits) * (0.5 + random() / 2), signal);
    const found = await find();
    if (found !== undefined) return found;
  }
  return workInTime();

  async function workAsHolder(lease: Lease): Promise<T> {
    const done = new AbortController();
    let published: Promise<void> | undefined;
    // Aborting `done` rejects the sleep, which ends the loop.
    keepExtending(lease, done.signal).catch(() => undefined);
    try {
      // The previous holder may have stored its result in the meantime.
      const found = await find();
      if (found !== undefined) return found;
      const result = await workInTime();
      published = publish(result);
      return result;
    } finally {
      done.abort();
      // Release the lease after the result is stored, so that the next holder finds it.
      void Promise.resolve(published).then(() => lease.release());
    }
  }

  async function keepExtending(lease: Lease, done: AbortSignal): Promise<void> {
    while (deadline.remainingMs() > 0) {
      await clock.sleep(leaseMs / 3, done);
      if (deadline.remainingMs() > 0) await lease.extend(leaseMs);
    }
  }
}
