import { type Clock, elapsedMs, type Instant, instant, systemClock } from '../core/clock.js';
import { GrantUnavailableError } from '../core/errors.js';
import type { Layer } from '../core/token-source.js';

/** Options of {@link withRateLimit}. */
export interface RateLimitOptions {
  readonly clock?: Clock | undefined;
}

const leastMs = 5_000;
const mostMs = 60_000;

/**
 * Leaves the authorization server alone for as long as it asks, for all requests: a `Retry-After` closes the gate for that
 * long, a 429 without one for 5 s, doubling to a minute. Who asks meanwhile gets the same error at once.
 */
export function withRateLimit({ clock = systemClock }: RateLimitOptions = {}): Layer {
  return (inner) => {
    let closed: { readonly since: Instant; readonly forMs: number; readonly error: GrantUnavailableError } | undefined;
    let limitsInARow = 0;
    let closings = 0;

    const leftMs = (): number => (closed === undefined ? 0 : closed.forMs - elapsedMs(closed.since, clock));

    return {
      async getToken(request, options) {
        const waitMs = leftMs();
        // What set out before the gate closed knows nothing of it.
        const before = closings;
        if (closed !== undefined && waitMs > 0) throw closed.error.withRetryAfter(waitMs);
        try {
          const token = await inner.getToken(request, options);
          if (before === closings) limitsInARow = 0;
          return token;
        } catch (error) {
          if (!(error instanceof GrantUnavailableError)) throw error;
          const isLimit = error.status === 429;
          if (before === closings) limitsInARow = isLimit ? limitsInARow + 1 : 0;
          const limitMs = Math.min(mostMs, leastMs * 2 ** Math.max(0, limitsInARow - 1));
          const forMs = error.retryAfterMs ?? (isLimit ? limitMs : 0);
          if (forMs === 0) throw error;
          if (forMs <= leftMs()) throw error.withRetryAfter(leftMs());
          closings += 1;
          closed = { since: instant(clock), forMs, error };
          throw error.withRetryAfter(forMs);
        }
      },
    };
  };
}
