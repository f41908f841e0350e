import type { AccessToken } from '../core/access-token.js';
import type { Clock } from '../core/clock.js';
import type { GrantReason, TokenEvent } from '../core/events.js';
import type { Pause } from '../core/pause.js';
import type { CanonicalTokenRequest } from '../core/token-request.js';
import type { RenewalSchedule } from './renewal-schedule.js';
import type { TokenState } from './token-state.js';

/** The members of a {@link TokenCache}: `withCache` fills it, `withFastPath` and the revocation read it. */
export interface CachedTokens {
  readonly clock: Clock;
  readonly maxTokens: number;
  readonly emit: (event: TokenEvent) => void;
  /** Number of calls that got a token that the cache had. */
  hits: number;
  /** How the other calls ended, by the source of the token. */
  readonly awaited: Record<'shared_store' | 'grant' | 'joined' | 'error', number>;
  /** Changes when a token is replaced, revoked or evicted, and when the client certificate changes. */
  readonly generation: number;
  /** Number of tokens that were evicted because the cache was full. */
  readonly evictions: number;
  /** Number of tokens in the cache. */
  size(): number;
  get(key: string): CachedToken | undefined;
  /** Called after a change of the token request with this key: a new token, or a failure. */
  readonly watched: Map<string, () => void>;
  /** Caches a token. If the token request failed before, this emits `renewal.recovered`. */
  set(request: CanonicalTokenRequest, token: AccessToken): void;
  /** Emits `renewal.failed` and postpones the next renewal by the `retryAfterMs` of the error. */
  renewalFailed(cached: CachedToken, error: unknown, reason: GrantReason | undefined): void;
  /** Records a failure for a token request without a valid token. */
  grantFailed(request: CanonicalTokenRequest, error: unknown): void;
  /**
   * Milliseconds until a token request needs a grant: until its token is due for renewal, until the pause after a failure
   * ends, or until its token expires. 0 or less if it needs one now.
   */
  dueMs(key: string): number;
  /** The error of the last grant for a token request; `undefined` if it succeeded. */
  failure(key: string): unknown;
  /** The token requests that have a valid token, or whose last grant failed within the last hour. */
  states(): readonly TokenState[];
  /** Returns the unexpired tokens and marks them as expired, so that no caller gets them again. */
  drain(): readonly DrainedToken[];
}

/** A token that was drained from the cache, and the key of its token request. */
export interface DrainedToken {
  readonly key: string;
  readonly token: AccessToken;
}

/** A token in the cache, and when to renew it. */
export interface CachedToken extends RenewalSchedule {
  token: AccessToken;
  readonly request: CanonicalTokenRequest;
  /** Set after a failed renewal. */
  postponed: Pause | undefined;
}
