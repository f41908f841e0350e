import { LRUCache } from 'lru-cache';

import type { ClientAuthentication } from '../authentication/client-authentication.js';
import { abortable, withDeadline } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { anyClock, anyFunction, checkOptions, durationMs, objectWith } from '../core/check-options.js';
import { type Clock, systemClock } from '../core/clock.js';
import { type AnyTokenError, isTokenError, withRetryAfter } from '../core/errors.js';
import { eventSink } from '../core/event-sink.js';
import type { EventSink } from '../core/events.js';
import { type Pause, pause } from '../core/pause.js';
import { canonicalRequest } from '../core/token-request.js';
import type { Layer } from '../core/token-source.js';
import { backoffMs } from './backoff.js';

/** Options of {@link withNegativeCache}. */
export interface NegativeCacheOptions {
  /** The credentials of the client. When their fingerprint changes, a rejected grant is attempted again. */
  readonly credentials?:
    | ClientAuthentication
    | {
        /** A digest that changes with the credentials and reveals nothing about them. */
        fingerprint(): Promise<string>;
      }
    | undefined;
  /** Longest backoff after consecutive failures, in milliseconds. @default 9500 */
  readonly maxBackoffMs?: number | undefined;
  /** For tests. @default the system clock */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
}

/** The last failure of one token request. */
interface Failure {
  readonly error: AnyTokenError;
  /** Number of equal consecutive failures. */
  readonly count: number;
  readonly pause: Pause;
  /** The fingerprint of the credentials, if the grant was rejected. */
  readonly fingerprint: string | undefined;
  /** The time until the credentials are checked again. */
  recheck: Pause | undefined;
  /** Number of consecutive attempts that were made because the credentials had changed. */
  readonly changes: number;
  /** The value of the expired token for which an attempt was made despite the backoff. */
  attemptedFor: string | undefined;
}

const maxRequests = 1_000;
const recheckMs = 1_000;

/**
 * Caches failures: equal token requests fail at once with the same error. Its `retryAfterMs` is the remaining time.
 *
 * A rejected grant is cached for 5 s ± 50 %, doubling up to 60 s, so that the client is not locked out. An outage is
 * cached for the duration of its `Retry-After`. Without one it is cached for a backoff of up to 1 s, doubling up to
 * `maxBackoffMs`.
 *
 * The first call after a token has expired makes one attempt despite the backoff, because the outage may have ended. A
 * `Retry-After` prevents this attempt.
 * @throws {ConfigurationError} if an option is unknown or malformed
 * @example
 * ```ts
 * import { staticToken } from 'm2m-tokens';
 * import { compose, withNegativeCache } from 'm2m-tokens/layers';
 *
 * const tokens = compose(staticToken('a-token'), withNegativeCache({ maxBackoffMs: 5_000 }));
 * ```
 */
export function withNegativeCache(layerOptions: NegativeCacheOptions = {}): Layer {
  const checks = { credentials: objectWith('fingerprint'), maxBackoffMs: durationMs };
  checkOptions('withNegativeCache', layerOptions, {
    ...checks,
    clock: anyClock,
    random: anyFunction,
    onEvent: anyFunction,
  });
  const { maxBackoffMs = 9_500, clock = systemClock, random = Math.random } = layerOptions;
  const emit = eventSink(layerOptions.onEvent);
  const credentials = layerOptions.credentials as { fingerprint(): Promise<string> } | undefined;

  return (inner) => {
    const failures = new LRUCache<string, Failure>({ maxSize: maxRequests, sizeCalculation: () => 1 });

    function mayAttemptOnce(failure: Failure, replaced: AccessToken | undefined): boolean {
      const hasRetryAfter = failure.error.retryAfterMs !== undefined;
      if (hasRetryAfter || replaced === undefined || replaced.remainingMs(clock) > 0) return false;
      if (failure.attemptedFor === replaced.value) return false;
      failure.attemptedFor = replaced.value;
      return true;
    }

    // Checks at most once per second, to limit the requests to a secret manager.
    async function haveCredentialsChanged(failure: Failure): Promise<boolean> {
      if (failure.fingerprint === undefined || (failure.recheck?.remainingMs() ?? 0) > 0) return false;
      failure.recheck = pause(recheckMs, clock);
      const current = await currentFingerprint();
      return current !== undefined && current !== failure.fingerprint;
    }

    // If the secret cannot be read within a second, treat it as unchanged.
    const currentFingerprint = (): Promise<string | undefined> =>
      withDeadline(recheckMs, undefined, async (signal) =>
        credentials === undefined ? undefined : abortable(credentials.fingerprint(), signal),
      ).catch(() => undefined);

    async function remember(
      key: string,
      error: AnyTokenError,
      { isAfterExpiry, isChanged }: { isAfterExpiry: boolean; isChanged: boolean },
    ): Promise<AnyTokenError> {
      const last = failures.get(key);
      const count = last !== undefined && isSame(last.error, error) ? last.count + 1 : 1;
      // The tokens of all replicas may have expired at the same time. Full jitter spreads their next attempts.
      const outageMs = isAfterExpiry
        ? random() * maxBackoffMs
        : backoffMs(count, { baseMs: 1_000, capMs: maxBackoffMs, random });
      // An attempt after expiry may fail in another way, which does not end the pause after a rejection.
      const held = error.retryable && last?.error.retryable === false ? last : undefined;
      const ownMs = error.retryable ? (error.retryAfterMs ?? outageMs) : rejectionMs(count);
      const ms = Math.max(ownMs, held?.pause.remainingMs() ?? 0);
      const fingerprint = error.retryable ? held?.fingerprint : await currentFingerprint();
      const attemptedFor = last?.attemptedFor;
      const changes = isChanged ? (last?.changes ?? 0) + 1 : 0;
      // Credentials that change at each reading, such as an assertion, must not void the pause.
      const changedMs = changes > 0 ? Math.min(60_000, recheckMs * 2 ** (changes - 1)) : undefined;
      const recheckAfterMs = held === undefined ? changedMs : ownMs;
      const recheck = recheckAfterMs === undefined ? undefined : pause(recheckAfterMs, clock);
      failures.set(key, { error, count, pause: pause(ms, clock), fingerprint, recheck, changes, attemptedFor });
      return withRetryAfter(error, ms);
    }

    const rejectionMs = (count: number): number => Math.min(60_000, 5_000 * (0.5 + random()) * 2 ** (count - 1));

    return {
      async getToken(request, options) {
        const { key, scope: requestedScope } = canonicalRequest(request);
        const failure = failures.get(key);
        const waitMs = failure?.pause.remainingMs() ?? 0;
        const isAfterExpiry = failure !== undefined && mayAttemptOnce(failure, options?.replacing);
        const isPaused = failure !== undefined && waitMs > 0 && !isAfterExpiry;
        const isChanged = isPaused && (await haveCredentialsChanged(failure));
        if (isPaused && !isChanged) {
          const suppression = failure.error.retryAfterMs === undefined ? 'backoff' : 'retry_after';
          const reason = options?.reason;
          emit({ type: 'grant.suppressed', requestedScope, reason, suppression, retryAfterMs: waitMs });
          throw withRetryAfter(failure.error, waitMs);
        }
        try {
          const token = await inner.getToken(request, options);
          failures.delete(key);
          return token;
        } catch (error) {
          throw isTokenError(error) ? await remember(key, error, { isAfterExpiry, isChanged }) : error;
        }
      },
    };
  };
}

const isSame = (one: AnyTokenError, other: AnyTokenError): boolean =>
  one.retryable === other.retryable && one.code === other.code && oauthCode(one) === oauthCode(other);

const oauthCode = (error: AnyTokenError) => (error.code === 'ERR_GRANT_REJECTED' ? error.error : undefined);
