/** When tokens are renewed. */
export interface RefreshOptions {
  /**
   * The window before expiry in which a token is renewed in the background, as a share of its lifetime; up to 0.5.
   * @default 0.2
   */
  readonly share?: number | undefined;
  /**
   * Longest window, in milliseconds.
   * @default 300000
   */
  readonly capMs?: number | undefined;
}

/** How one token is renewed; each value is a remaining validity or a duration in milliseconds. */
export interface RenewalSchedule {
  /** The token is due when no more than this remains: renewed in the background while it is handed out. */
  readonly advisoryMs: number;
  /** Callers wait for a renewal when no more than this remains: a slow request, or a clock that is ahead, would meet an expired token. */
  readonly mandatoryMs: number;
  /** Least time between two renewals of tokens that have not expired. */
  readonly minIntervalMs: number;
}

/**
 * When a token is due: its window and up to as much again, drawn once for each token, so that tokens that were issued
 * together are not renewed together. Where that would be before 70 % of the lifetime, up to half as much again: each
 * renewal is a grant, and short tokens need enough of them as it is.
 */
export function renewalSchedule(lifetimeMs: number, random: () => number, refresh?: RefreshOptions): RenewalSchedule {
  const windowMs = windowOf(lifetimeMs, refresh);
  const spreadMs = Math.min(windowMs, Math.max(windowMs / 2, 0.3 * lifetimeMs - windowMs));
  return {
    advisoryMs: windowMs + random() * spreadMs,
    mandatoryMs: mandatoryMs(lifetimeMs, refresh),
    minIntervalMs: Math.min(5_000, 0.2 * lifetimeMs),
  };
}

/** The {@link RenewalSchedule.mandatoryMs} alone, for whoever keeps tokens and does not renew them early. */
export function mandatoryMs(lifetimeMs: number, refresh?: RefreshOptions): number {
  return Math.min(30_000, 0.1 * lifetimeMs, windowOf(lifetimeMs, refresh) / 2);
}

const windowOf = (lifetimeMs: number, { share = 0.2, capMs = 300_000 }: RefreshOptions = {}): number =>
  Math.min(share * lifetimeMs, capMs);
