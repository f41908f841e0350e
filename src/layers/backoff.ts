/** Options of {@link backoffMs}. */
export interface BackoffOptions {
  /** Upper bound after the first failure, in milliseconds; it doubles with each further failure. */
  readonly baseMs: number;
  /** The highest bound, in milliseconds. */
  readonly capMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Milliseconds to wait after the given number of consecutive failures: exponential backoff with full jitter until the
 * bound reaches its cap, then at least 95 % of the cap. By then the jitter has spread the attempts of the replicas, and
 * nearly equal waits keep them spread. Full jitter at the cap would cause a burst in the first seconds after an outage.
 */
export function backoffMs(failures: number, { baseMs, capMs, random }: BackoffOptions): number {
  const boundMs = baseMs * 2 ** (failures - 1);
  return boundMs < capMs ? random() * boundMs : capMs * (1 - random() / 20);
}
