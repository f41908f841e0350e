import { renewalSchedule } from '../../src/layers/renewal-schedule.js';
import type { Replica } from './replica.js';

/** The behaviour of another client: when it renews, and how long it waits after a failure. */
export interface PolicyOptions {
  /** The time between the renewal of a token and its expiry, in milliseconds. */
  readonly windowMs: (lifetimeMs: number, random: () => number) => number;
  /** Whether the random window is drawn at each call, and not once for each token. @default false */
  readonly isDrawnAtEachCheck?: boolean;
  /** The minimum time between a failed request and the next one. @default 0 */
  readonly paceMs?: number;
}

/** A replica that renews on use with one request at a time, and without retries in the same call. */
export function policyReplica({ windowMs, isDrawnAtEachCheck = false, paceMs = 0 }: PolicyOptions): Replica {
  return ({ lifetimeMs, untilMs, random, nextCall, latencyMs, isAvailable }, record, callFailed) => {
    const draws = random(2);

    /** The first call that renews a token that arrived at `fromMs`. */
    function nextDueCall(fromMs: number, expiresAt: number): number {
      if (!isDrawnAtEachCheck) return nextCall(Math.max(fromMs, expiresAt - windowMs(lifetimeMs, draws)));
      const longestMs = windowMs(lifetimeMs, () => 1);
      let call = nextCall(Math.max(fromMs, expiresAt - longestMs));
      while (expiresAt - call > windowMs(lifetimeMs, draws)) call = nextCall(call);
      return call;
    }

    let call = nextCall(0);
    let validUntilMs = 0;
    while (call < untilMs) {
      const latency = latencyMs();
      const arrivesAt = call + latency / 2;
      const isGranted = isAvailable(arrivesAt);
      record(arrivesAt, isGranted);
      if (isGranted) validUntilMs = call + lifetimeMs;
      else if (call >= validUntilMs) callFailed();
      const next = isGranted ? nextDueCall(call + latency, call + lifetimeMs) : nextCall(call + latency + paceMs);
      // With several calls a second, one of them falls into a gap of 500 ms without a token.
      if (!isGranted && next - Math.max(call, validUntilMs) > 500) callFailed();
      call = next;
    }
  };
}

const fixed = (seconds: number) => ({ windowMs: () => seconds * 1_000 });

/** Common renewal policies of other clients. */
export const otherRenewals = {
  'fixed, 10 s before expiry': fixed(10),
  'fixed, 60 s before expiry': fixed(60),
  'fixed, 300 s before expiry': fixed(300),
  '80 % ± 5 % of the lifetime': {
    windowMs: (lifetimeMs, random) => lifetimeMs * (0.15 + 0.1 * random()),
  },
  'our window, drawn at each check': {
    windowMs: (lifetimeMs, random) => renewalSchedule(lifetimeMs, random).advisoryMs,
    isDrawnAtEachCheck: true,
  },
} as const satisfies Record<string, PolicyOptions>;

/** Policies of other clients after a failure. All of them renew at 80 % ± 5 % of the lifetime. */
export const otherRecoveries = {
  'asks again on each call': {},
  'asks again after 1 s': { paceMs: 1_000 },
  'asks again after 10 s': { paceMs: 10_000 },
  'asks again after 30 s': { paceMs: 30_000 },
} as const satisfies Record<string, Pick<PolicyOptions, 'paceMs'>>;
