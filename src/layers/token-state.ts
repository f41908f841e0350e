import type { AccessToken } from '../core/access-token.js';
import { type Clock, elapsedMs, type Instant, instant } from '../core/clock.js';
import { isTokenError } from '../core/errors.js';
import { type Pause, pause } from '../core/pause.js';
import type { CanonicalTokenRequest } from '../core/token-request.js';

/** The state of one token request. All times are in milliseconds since the epoch. */
export interface TokenState {
  /** The scope of the token request, space-separated; `undefined` if it has none. */
  readonly requestedScope: string | undefined;
  /** The resources of the token request. */
  readonly resource: readonly string[];
  /** The audiences of the token request. */
  readonly audience: readonly string[];
  /** When the cached token expires or has expired; `undefined` without a cached token. */
  readonly expiresAt: number | undefined;
  /** When the grant of the cached token was sent; `undefined` without a cached token. */
  readonly renewedAt: number | undefined;
  /** Since when no grant for this token request has returned a usable token; `undefined` if the last one did. */
  readonly failingSince: number | undefined;
  /** Until when no grant is sent after a failure; `undefined` if one may be sent now. */
  readonly suppressedUntil: number | undefined;
  /** The `code` of the last error; `undefined` if the last grant succeeded, or if the error has no code of this library. */
  readonly lastErrorCode: string | undefined;
}

/** A token request that fails. */
export interface FailingRequest {
  readonly request: CanonicalTokenRequest;
  /** Number of grants that have failed in a row, without those that were suppressed. */
  readonly count: number;
  /** The first failure. */
  readonly since: Instant;
  /** The last failure. */
  readonly last: Instant;
  readonly error: unknown;
  /** Until it ends, no grant is sent. */
  readonly postponed: Pause;
}

/** Adds a failure to those before it. */
export function anotherFailure(
  earlier: FailingRequest | undefined,
  { request, error, clock }: { request: CanonicalTokenRequest; error: unknown; clock: Clock },
): FailingRequest {
  const last = instant(clock);
  const waitMs = (isTokenError(error) ? error.retryAfterMs : undefined) ?? 0;
  // A grant that is suppressed fails with the rest of the pause after the failure before it.
  const isSuppressed = earlier !== undefined && waitMs > 0 && waitMs <= Math.ceil(earlier.postponed.remainingMs());
  const count = (earlier?.count ?? 0) + (isSuppressed ? 0 : 1);
  return { request, count, since: earlier?.since ?? last, last, error, postponed: pause(waitMs, clock) };
}

/** What the cache knows about one token request. */
export interface CacheEntry extends Partial<Omit<FailingRequest, 'postponed'>> {
  readonly request: CanonicalTokenRequest;
  readonly token?: AccessToken | undefined;
  readonly postponed?: Pause | undefined;
}

/** A failed token request that no caller repeats is of no interest any more after this time. */
const maxFailureAgeMs = 60 * 60 * 1_000;

/** The state of an entry that has a valid token, or whose last grant failed within the last hour. */
export function tokenState(entry: CacheEntry, clock: Clock): TokenState | undefined {
  const { request, token, since, last, error, postponed } = entry;
  const isValid = token !== undefined && token.remainingMs(clock) > 0;
  const isFailing = last !== undefined && elapsedMs(last, clock) <= maxFailureAgeMs;
  if (!isValid && !isFailing) return undefined;
  // A revoked token has no lifetime.
  const cached = token !== undefined && token.expiresAt > token.issuedAt ? token : undefined;
  const suppressedMs = postponed?.remainingMs() ?? 0;
  return {
    requestedScope: request.scope,
    resource: request.resource,
    audience: request.audience,
    expiresAt: cached?.expiresAt,
    renewedAt: cached?.issuedAt,
    failingSince: since?.wall,
    suppressedUntil: suppressedMs > 0 ? clock.now() + suppressedMs : undefined,
    lastErrorCode: isTokenError(error) ? error.code : undefined,
  };
}
