import { durationMs, numberIn } from '../core/check-options.js';

/** When tokens are renewed before they expire. */
export interface RefreshOptions {
  /** The window before expiry in which a token is renewed in the background, as a share of its lifetime, up to 0.5. @default 0.2 */
  readonly share?: number | undefined;
  /** Longest window, in milliseconds. @default 300000 */
  readonly capMs?: number | undefined;
}

export const refreshChecks = { share: numberIn(0, 0.5), capMs: durationMs };

/** When one token is renewed; each value is a remaining validity in milliseconds. */
export interface RenewalSchedule {
  /** Advisory refresh: with this or less remaining, the token is renewed in the background while callers get it. */
  readonly advisoryMs: number;
  /** Mandatory refresh: with this or less remaining, callers wait for the renewal. It covers clock skew and slow requests. */
  readonly mandatoryMs: number;
}

/**
 * The schedule of one token. The advisory refresh begins one to two windows before expiry, at a random time for each
 * token, so that tokens that were issued together are not renewed together. It begins after at least 70 % of the
 * lifetime, unless this would leave less than half a window for the jitter.
 */
export function renewalSchedule(lifetimeMs: number, random: () => number, refresh?: RefreshOptions): RenewalSchedule {
  const windowMs = windowOf(lifetimeMs, refresh);
  const jitterMs = Math.min(windowMs, Math.max(windowMs / 2, 0.3 * lifetimeMs - windowMs));
  return { advisoryMs: windowMs + random() * jitterMs, mandatoryMs: mandatoryMs(lifetimeMs, refresh) };
}

/** {@link RenewalSchedule.mandatoryMs} of a token with this lifetime. */
export function mandatoryMs(lifetimeMs: number, refresh?: RefreshOptions): number {
  return Math.min(30_000, 0.1 * lifetimeMs, windowOf(lifetimeMs, refresh) / 2);
}

/** Shortest interval between two grants while a token with this lifetime has not expired, in milliseconds. */
export function minIntervalMs(lifetimeMs: number): number {
  return Math.min(5_000, 0.2 * lifetimeMs);
}

const windowOf = (lifetimeMs: number, { share = 0.2, capMs = 300_000 }: RefreshOptions = {}): number =>
  Math.min(share * lifetimeMs, capMs);
