import { LRUCache } from 'lru-cache';

import { DeadlineError } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { anyClock, anyFunction, checkOptions, positiveInteger } from '../core/check-options.js';
import { type Clock, systemClock } from '../core/clock.js';
import { GrantUnavailableError, isTokenError, withRetryAfter } from '../core/errors.js';
import { eventSink } from '../core/event-sink.js';
import type { EventSink } from '../core/events.js';
import { type Pause, pause } from '../core/pause.js';
import { semaphore } from '../core/semaphore.js';
import { canonicalRequest, requestKey } from '../core/token-request.js';
import type { Layer } from '../core/token-source.js';
import { minIntervalMs } from './renewal-schedule.js';

/** Options of {@link withRateLimit}. */
export interface RateLimitOptions {
  /** Grants in flight at the same time; further ones wait in order. @default 50 */
  readonly maxConcurrentGrants?: number | undefined;
  /** For tests. @default the system clock */
  readonly clock?: Clock | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
}

/** The pause after a 429 without `Retry-After`, in milliseconds. It doubles with each consecutive 429. */
const firstLimitMs = 5_000;
const maxLimitMs = 60_000;
const maxRequests = 1_000;

/**
 * Limits the rate of grants, as requested by the authorization server, and the number of grants in flight.
 *
 * For all token requests: a `Retry-After` stops grants for its duration, and a 429 without one for 5 s, doubling up to 60 s.
 * Meanwhile calls fail immediately with the error of that response.
 *
 * For each token request: a valid token is renewed at most once in 5 s, or in 20 % of its lifetime if that is shorter.
 * Meanwhile the layer returns the last granted token again, so that an API that rejects all tokens causes few grants.
 * @throws {ConfigurationError} if an option is unknown or malformed
 * @see [RFC 6585 §4](https://www.rfc-editor.org/rfc/rfc6585#section-4)
 * @example
 * ```ts
 * import { staticToken } from 'm2m-tokens';
 * import { compose, withRateLimit } from 'm2m-tokens/layers';
 *
 * const tokens = compose(staticToken('a-token'), withRateLimit({ maxConcurrentGrants: 10 }));
 * ```
 */
export function withRateLimit(layerOptions: RateLimitOptions = {}): Layer {
  const checks = { maxConcurrentGrants: positiveInteger, clock: anyClock, onEvent: anyFunction };
  checkOptions('withRateLimit', layerOptions, checks);
  const { maxConcurrentGrants = 50, clock = systemClock } = layerOptions;
  const emit = eventSink(layerOptions.onEvent);
  const isExpired = (token: AccessToken): boolean => token.remainingMs(clock) <= 0;

  return (inner) => {
    const limited = serverLimit(clock);
    const inTurn = semaphore(maxConcurrentGrants);
    const renewals = new LRUCache<string, { token: AccessToken; interval: Pause }>({
      maxSize: maxRequests,
      sizeCalculation: () => 1,
    });

    return {
      async getToken(request, options) {
        const { replacing: replaced, signal, reason } = options ?? {};
        const suppressed = (retryAfterMs: number): void => {
          const { scope: requestedScope } = canonicalRequest(request);
          emit({ type: 'grant.suppressed', requestedScope, reason, suppression: 'retry_after', retryAfterMs });
        };
        let isInTurn = false;
        const send = () => {
          isInTurn = true;
          return limited(() => inner.getToken(request, options), suppressed);
        };
        const grant = () =>
          inTurn(signal, send).catch((error: unknown) => {
            if (isInTurn || !(error instanceof DeadlineError)) throw error;
            throw new GrantUnavailableError(
              `no grant was sent: ${maxConcurrentGrants} others were in flight until the deadline`,
            );
          });
        // An expired token is replaced at once.
        if (replaced === undefined || isExpired(replaced)) return grant();

        const key = requestKey(request);
        const last = renewals.get(key);
        if (last !== undefined && last.interval.remainingMs() > 0 && !isExpired(last.token)) {
          // A rejected token that is newer than the last granted one comes from another replica. Keep the newer token.
          return replaced.issuedAt > last.token.issuedAt ? replaced : last.token;
        }
        const token = await grant();
        // If the new token has already expired, later calls get the one that it replaced.
        const latest = isExpired(token) ? replaced : token;
        renewals.set(key, { token: latest, interval: pause(minIntervalMs(latest.expiresAt - latest.issuedAt), clock) });
        return token;
      },
    };
  };
}

/**
 * Runs grants, except during a pause that the authorization server requested with `Retry-After` or 429. Then `suppressed`
 * is called with its remaining time.
 */
function serverLimit(
  clock: Clock,
): <T>(grant: () => Promise<T>, suppressed: (retryAfterMs: number) => void) => Promise<T> {
  let current: { readonly pause: Pause; readonly error: GrantUnavailableError } | undefined;
  let limitsInARow = 0;
  let pauses = 0;

  return async (grant, suppressed) => {
    const waitMs = current?.pause.remainingMs() ?? 0;
    if (current !== undefined && waitMs > 0) {
      suppressed(waitMs);
      throw withRetryAfter(current.error, waitMs);
    }
    // The outcome of a grant that began before the current pause does not count.
    const before = pauses;
    try {
      const result = await grant();
      if (before === pauses) limitsInARow = 0;
      return result;
    } catch (error) {
      if (!isTokenError(error) || error.code !== 'ERR_GRANT_UNAVAILABLE') throw error;
      const isLimit = error.status === 429;
      if (before === pauses) limitsInARow = isLimit ? limitsInARow + 1 : 0;
      const limitMs = Math.min(maxLimitMs, firstLimitMs * 2 ** Math.max(0, limitsInARow - 1));
      const ms = error.retryAfterMs ?? (isLimit ? limitMs : 0);
      if (ms === 0) throw error;
      const remainingMs = current?.pause.remainingMs() ?? 0;
      if (ms <= remainingMs) throw withRetryAfter(error, remainingMs);
      pauses += 1;
      current = { pause: pause(ms, clock), error };
      throw withRetryAfter(error, ms);
    }
  };
}
