import type { Clock } from '../clock.js';
import type { Reply } from './exchange.js';

/** What is known of the clock of the authorization server. */
export interface ServerTime {
  /** How far it is ahead of ours, in milliseconds; 0 for less than matters. */
  readonly skewMs: number;
  /** Reads the `Date` of its answer (RFC 9110 §6.6.1). */
  learn(reply: Reply | undefined): void;
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
    learn(reply) {
      const aheadMs = Date.parse(reply?.headers.get('date') ?? '') - clock.now();
      if (Math.abs(aheadMs - skewMs) >= toleranceMs) skewMs = Math.abs(aheadMs) < toleranceMs ? 0 : aheadMs;
    },
  };
}
