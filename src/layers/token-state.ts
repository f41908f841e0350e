import type { AccessToken } from '../core/access-token.js';
import { type Clock, elapsedMs, type Instant, instant } from '../core/clock.js';
import { isTokenError } from '../core/errors.js';
import type { Pause } from '../core/pause.js';
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
  /** Since when all grants for this token request fail; `undefined` if the last one succeeded. */
  readonly failingSince: number | undefined;
  /** Until when no grant is sent after a failure; `undefined` if one may be sent now. */
  readonly suppressedUntil: number | undefined;
  /** The `code` of the last error; `undefined` if the last grant succeeded, or if the error has no code of this library. */
  readonly lastErrorCode: string | undefined;
}

/** The grants that have failed in a row for one token request. */
export interface FailedGrants {
  readonly count: number;
  /** The first failure. */
  readonly since: Instant;
  /** The last failure. */
  readonly last: Instant;
  readonly error: unknown;
}

/** Adds a failure to those of the grants before. */
export function anotherFailure(earlier: FailedGrants | undefined, error: unknown, clock: Clock): FailedGrants {
  const last = instant(clock);
  return { count: (earlier?.count ?? 0) + 1, since: earlier?.since ?? last, last, error };
}

/** How long no grant is sent after an error, in milliseconds. */
export const waitMsAfter = (error: unknown): number => (isTokenError(error) ? error.retryAfterMs : undefined) ?? 0;

/** What the cache knows about one token request. */
export interface CacheEntry {
  readonly request: CanonicalTokenRequest;
  readonly token?: AccessToken | undefined;
  readonly failures: FailedGrants | undefined;
  /** Until it ends, no grant is sent. */
  readonly postponed: Pause | undefined;
}

/** A failed token request that no caller repeats is of no interest any more after this time. */
const maxFailureAgeMs = 60 * 60 * 1_000;

/** The state of an entry that has a valid token, or whose last grant failed within the last hour. */
export function tokenState({ request, token, failures, postponed }: CacheEntry, clock: Clock): TokenState | undefined {
  const isValid = token !== undefined && token.remainingMs(clock) > 0;
  const isFailing = failures !== undefined && elapsedMs(failures.last, clock) <= maxFailureAgeMs;
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
    failingSince: failures?.since.wall,
    suppressedUntil: suppressedMs > 0 ? clock.now() + suppressedMs : undefined,
    lastErrorCode: isTokenError(failures?.error) ? failures.error.code : undefined,
  };
}
