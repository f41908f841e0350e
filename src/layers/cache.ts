import { LRUCache } from 'lru-cache';

import { abortable } from '../core/abort.js';
import { AccessToken } from '../core/access-token.js';
import { type Clock, systemClock } from '../core/clock.js';
import { TokenError } from '../core/errors.js';
import { eventSink, type EventSink } from '../core/events.js';
import { type Pause, pause } from '../core/pause.js';
import { requestKey, type TokenRequest } from '../core/token-request.js';
import { type GetTokenOptions, isUsable, type Layer } from '../core/token-source.js';
import { renewOrFallBack } from './renew-or-fall-back.js';
import { type RefreshOptions, renewalSchedule, type RenewalSchedule } from './renewal-schedule.js';

/** Options of {@link tokenCache}. */
export interface TokenCacheOptions {
  /**
   * Number of tokens in the cache; the least recently used one is dropped first.
   * @default 1000
   */
  readonly maxTokens?: number | undefined;
  /** When tokens are renewed. */
  readonly refresh?: RefreshOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  readonly onEvent?: EventSink | undefined;
  /** The client certificate, when tokens are bound to one (RFC 8705 §3): `mutualTls(…)`. */
  readonly certificate?: { useCertificate?(thumbprint: string | undefined): void } | undefined;
}

/** The access tokens in memory: {@link withCache} fills it, `withFastPath` and the revocation read it. */
export interface TokenCache {
  readonly clock: Clock;
  readonly maxTokens: number;
  /** Changes when a token is replaced or revoked, and when the client certificate changes. */
  readonly generation: number;
  get(key: string): CachedToken | undefined;
  set(key: string, token: AccessToken): void;
  /** Records a failed renewal. The next one is postponed by the `retryAfterMs` of the error. */
  renewalFailed(cached: CachedToken, error: unknown): void;
  /** Returns the tokens that have not expired, and lets all expire now: no caller gets them again. */
  drain(): readonly AccessToken[];
}

/** A token in the cache, and when to renew it. */
interface CachedToken extends RenewalSchedule {
  token: AccessToken;
  /** Set after a failed renewal. */
  postponed: Pause | undefined;
}

/** A cache for {@link withCache}. */
export function tokenCache(options: TokenCacheOptions = {}): TokenCache {
  const { maxTokens = 1000, refresh, clock = systemClock, random = Math.random, onEvent, certificate } = options;
  const emit = eventSink(onEvent);
  const tokens = new LRUCache<string, CachedToken>({
    max: maxTokens,
    dispose: ({ token }, _key, reason) => {
      if (reason === 'evict') emit({ type: 'token.evicted', scope: token.scope });
    },
  });
  let thumbprint: string | undefined;

  const cache = {
    clock,
    maxTokens,
    generation: 0,
    get: (key: string) => tokens.get(key),
    set(key: string, token: AccessToken): void {
      // Switch in one step, so that tokens always match the presented certificate.
      if (token.certificateThumbprint !== thumbprint) {
        thumbprint = token.certificateThumbprint;
        tokens.clear();
        cache.generation += 1;
        certificate?.useCertificate?.(thumbprint);
      }
      const current = tokens.get(key);
      // The jitter is drawn once for each token.
      if (current?.token === token) return;
      if (current !== undefined) cache.generation += 1;
      const schedule = renewalSchedule(token.expiresAt - token.issuedAt, random, refresh);
      tokens.set(key, { ...schedule, token, postponed: undefined });
    },
    renewalFailed(cached: CachedToken, error: unknown): void {
      const { token } = cached;
      const retryInMs = (error instanceof TokenError ? error.retryAfterMs : undefined) ?? 0;
      cached.postponed = pause(retryInMs, clock);
      emit({ type: 'renewal.failed', scope: token.scope, error, retryInMs, remainingMs: token.remainingMs(clock) });
    },
    drain() {
      const valid = [...tokens.values()].filter(({ token }) => token.remainingMs(clock) > 0);
      const drained = valid.map(({ token }) => token);
      for (const cached of valid) cached.token = expired(cached.token);
      cache.generation += 1;
      return drained;
    },
  };
  return cache;
}

// A revoked token counts as expired in each layer.
const expired = ({ value, type, scope, issuedAt }: AccessToken): AccessToken =>
  new AccessToken({ value, type, scope, issuedAt, expiresAt: issuedAt });

/**
 * Caches tokens until they expire, coalesces concurrent calls, and renews tokens early, on use. In the advisory window the
 * renewal runs in the background. Callers wait for it in the mandatory window, when their token was rejected, and when it is
 * too short for them. A failed renewal reaches no caller while the cached token is valid.
 */
export function withCache(cache: TokenCache): Layer {
  const { clock } = cache;
  const isExpired = ({ token }: CachedToken): boolean => token.remainingMs(clock) <= 0;
  const isPostponed = ({ postponed }: CachedToken): boolean => postponed !== undefined && postponed.remainingMs() > 0;

  return (inner) => {
    const flights = new Map<string, Promise<AccessToken>>();

    async function getToken(request: TokenRequest | undefined, options: GetTokenOptions): Promise<AccessToken> {
      options.signal?.throwIfAborted();
      const key = requestKey(request);
      const cached = cache.get(key);
      if (cached === undefined || isExpired(cached)) return firstToken(key, request, options);

      const { token } = cached;
      // Once a renewal has failed, callers do not wait for the next one: that would only let them feel the outage.
      const mandatoryMs = cached.postponed === undefined ? cached.mandatoryMs : 0;
      const minValidityMs = Math.max(options.minValidityMs ?? 0, mandatoryMs);
      if (isUsable(token, { ...options, minValidityMs }, clock)) {
        if (token.remainingMs(clock) <= cached.advisoryMs && !isPostponed(cached)) {
          fly(key, request, { replacing: token }).catch(() => undefined);
        }
        return token;
      }
      const isRejected = token.value === options.replacing?.value;
      if (isPostponed(cached) && !isRejected) return token;

      const flight = fly(key, request, { replacing: token, minValidityMs: options.minValidityMs });
      const renewal = abortable(flight, options.signal);
      const renewed = await (isUsable(token, options, clock) ? renewOrFallBack(renewal, token, clock) : renewal);
      // Expired or revoked meanwhile.
      return renewed === token && isExpired(cached) ? firstToken(key, request, options) : renewed;
    }

    async function firstToken(
      key: string,
      request: TokenRequest | undefined,
      { replacing, minValidityMs, signal }: GetTokenOptions,
    ): Promise<AccessToken> {
      const joined = flights.get(key);
      if (joined !== undefined) {
        const token = await abortable(joined, signal);
        // A flight that began before the token was rejected may return that token.
        if (token.value !== replacing?.value) return token;
      }
      const flight = fly(key, request, { replacing: replacing ?? cache.get(key)?.token, minValidityMs });
      return abortable(flight, signal);
    }

    /** The call to the inner source for this key: the one under way, or a new one. */
    function fly(key: string, request: TokenRequest | undefined, options: GetTokenOptions): Promise<AccessToken> {
      const flight = flights.get(key) ?? ask(key, request, options).finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    }

    /** Completes after the token is in the cache; otherwise a caller in between would start a second grant. */
    async function ask(key: string, request: TokenRequest | undefined, options: GetTokenOptions): Promise<AccessToken> {
      const current = cache.get(key);
      const isRenewal = current !== undefined && !isExpired(current);
      try {
        const token = await inner.getToken(request, options);
        if (token.remainingMs(clock) > 0) cache.set(key, token);
        // If the new token has already expired, keep the current one.
        else if (isRenewal && !isExpired(current)) return current.token;
        return token;
      } catch (error) {
        if (!isRenewal) throw error;
        cache.renewalFailed(current, error);
        // If the token expired meanwhile, make the attempt that the first call after expiry is entitled to.
        return isExpired(current) ? ask(key, request, { ...options, replacing: current.token }) : current.token;
      }
    }

    return { getToken: (request, options = {}) => getToken(request, options) };
  };
}
