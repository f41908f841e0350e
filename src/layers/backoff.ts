/** How long to wait after failures in a row. */
export interface BackoffOptions {
  /** Upper bound after the first failure, in milliseconds; it doubles with each further one. */
  readonly baseMs: number;
  /** Upper bound of all, in milliseconds. */
  readonly capMs: number;
  readonly random: () => number;
}

/** Milliseconds to wait after the given number of failures in a row: exponential with full jitter. */
export function backoffMs(failures: number, { baseMs, capMs, random }: BackoffOptions): number {
  return random() * Math.min(capMs, baseMs * 2 ** (failures - 1));
}
