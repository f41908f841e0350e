import type { Clock } from '../core/clock.js';
import type { BoundedResponse } from './http/bounded-fetch.js';

/** The clock skew of the authorization server. */
export interface ClockSkew {
  /**
   * How far the clock of the authorization server is ahead, in milliseconds; 0 if it differs by less than ten seconds.
   */
  readonly ms: number;
  /**
   * Measures the clock skew by the `Date` of a response that rejected the client (RFC 9110 §6.6.1). `usedMs` is the
   * clock skew that the rejected request was prepared with. The `Date` of successful responses is not used, because it
   * may come from a gateway with a wrong clock.
   */
  observe(response: BoundedResponse | undefined, usedMs: number): void;
}

/** A smaller difference may come from the resolution of `Date` and from latency; client assertions tolerate it. */
const toleranceMs = 10_000;

/** Measures the clock skew of the authorization server (FAPI 2.0 Security Profile §5.3.2.1, note 1). */
export function clockSkew(clock: Clock): ClockSkew {
  const skew = {
    ms: 0,
    observe(response: BoundedResponse | undefined, usedMs: number) {
      const aheadMs = Date.parse(response?.headers.get('date') ?? '') - clock.now();
      // A concurrent request has measured it already, or the response has no date.
      if (usedMs !== skew.ms || Number.isNaN(aheadMs)) return;
      const isNew = Math.abs(aheadMs - skew.ms) >= toleranceMs && Math.abs(aheadMs) >= toleranceMs;
      // If the rejected request already used this skew, the clock is not the reason for the rejection.
      skew.ms = isNew ? aheadMs : 0;
    },
  };
  return skew;
}
