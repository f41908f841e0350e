/** How long to wait after failures in a row. */
export interface BackoffOptions {
  /** Upper bound after the first failure, in milliseconds; it doubles with each further one. */
  readonly baseMs: number;
  /** Upper bound of all, in milliseconds; once it is reached, the wait is hardly less. */
  readonly capMs: number;
  readonly random: () => number;
}

/**
 * Milliseconds to wait after the given number of failures in a row: exponential with full jitter, until the bound has reached
 * its cap. By then the members of a fleet are far apart, and equal waits keep them so: with full jitter a third of those who
 * wait up to half a minute would come within the first five seconds after an outage.
 */
export function backoffMs(failures: number, { baseMs, capMs, random }: BackoffOptions): number {
  const boundMs = baseMs * 2 ** (failures - 1);
  return boundMs < capMs ? random() * boundMs : capMs * (1 - random() / 20);
}

/**
 * Milliseconds to leave an authorization server alone that failed so many times in a row: up to 1 s, doubling to half a
 * minute. A fleet is to be served within 30 s of the return of the server, and half a second of that is for the call
 * that comes after the wait, and for its request.
 */
export function outageBackoffMs(failures: number, random: () => number): number {
  return backoffMs(failures, { baseMs: 1_000, capMs: 29_500, random });
}
