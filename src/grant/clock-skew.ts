import type { Clock } from '../core/clock.js';
import type { Reply } from './http/bounded-fetch.js';

/** What is known of the clock of the authorization server. */
export interface ServerTime {
  /** How far it is ahead of ours, in milliseconds; 0 for less than matters. */
  readonly skewMs: number;
  /**
   * Reads the `Date` of a refusal (RFC 9110 §6.6.1) of what was dated with this skew. Of a success there is nothing to learn:
   * it may come through a gateway whose clock is wrong.
   */
  learn(reply: Reply | undefined, skewMs: number | undefined): void;
}

/** `Date` counts in seconds, and the answer took its time; assertions allow for that much anyway. */
const toleranceMs = 10_000;

/** Learns from its answers how far the clock of the authorization server differs (FAPI 2.0 Security Profile §5.3.2.1, note 1). */
export function serverTime(clock: Clock): ServerTime {
  let skewMs = 0;
  return {
    get skewMs() {
      return skewMs;
    },
    learn(reply, refused) {
      const aheadMs = Date.parse(reply?.headers.get('date') ?? '') - clock.now();
      // Another refusal has taught it already, or there is nothing to read.
      if (refused !== skewMs || Number.isNaN(aheadMs)) return;
      const isNew = Math.abs(aheadMs - skewMs) >= toleranceMs && Math.abs(aheadMs) >= toleranceMs;
      // What is refused all the same was not refused for its time.
      skewMs = isNew ? aheadMs : 0;
    },
  };
}
