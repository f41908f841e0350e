import { LRUCache } from 'lru-cache';

import { authenticatorOf, type ClientAuthentication } from '../authentication/client-authentication.js';
import { type AccessToken, asExpired } from '../core/access-token.js';
import { anyClock, anyFunction, anyObject, checkOptions, objectWith, positiveInteger } from '../core/check-options.js';
import { type Clock, elapsedMs, systemClock } from '../core/clock.js';
import { eventSink } from '../core/event-sink.js';
import type { EventSink, GrantReason } from '../core/events.js';
import type { CanonicalTokenRequest } from '../core/token-request.js';
import type { CachedToken, CachedTokens } from './cached-tokens.js';
import { refreshChecks, type RefreshOptions, renewalSchedule } from './renewal-schedule.js';
import { anotherFailure, type CacheEntry, type FailingRequest, tokenState } from './token-state.js';

/** Options of {@link tokenCache}. */
export interface TokenCacheOptions {
  /** Number of tokens in the cache; the least recently used one is evicted first. @default 1000 */
  readonly maxTokens?: number | undefined;
  /** When tokens are renewed. */
  readonly refresh?: RefreshOptions | undefined;
  /** For tests. @default the system clock */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
  /** The client certificate, for certificate-bound tokens (RFC 8705 §3): `mutualTls(…)`. */
  readonly certificate?: ClientAuthentication | undefined;
}

/** The access tokens in memory, for `withCache` and `withFastPath`. Made by {@link tokenCache}; its members are internal. */
export interface TokenCache {
  /** @internal */
  readonly [brand]: 'TokenCache';
}

declare const brand: unique symbol;

export const anyTokenCache = objectWith('get', 'set', 'renewalFailed', 'drain');

/** The members of a token cache. */
export const cachedTokensOf = (cache: TokenCache): CachedTokens => cache as unknown as CachedTokens;

/**
 * Makes a cache of access tokens in memory, for `withCache` and `withFastPath`.
 * @throws {ConfigurationError} if an option is unknown or malformed
 * @example
 * ```ts
 * import { staticToken } from 'm2m-tokens';
 * import { compose, tokenCache, withCache } from 'm2m-tokens/layers';
 *
 * const tokens = compose(staticToken('a-token'), withCache(tokenCache({ maxTokens: 100 })));
 * ```
 */
export function tokenCache(options: TokenCacheOptions = {}): TokenCache {
  const checks = { maxTokens: positiveInteger, clock: anyClock, random: anyFunction, onEvent: anyFunction };
  checkOptions('tokenCache', options, { ...checks, refresh: anyObject, certificate: anyObject });
  checkOptions('"refresh" of tokenCache', options.refresh ?? {}, refreshChecks);
  const { maxTokens = 1000, refresh, clock = systemClock, random = Math.random, onEvent, certificate } = options;
  const emit = eventSink(onEvent);
  const tokens = new LRUCache<string, CachedToken>({
    max: maxTokens,
    dispose({ token: { scope }, request }, _key, reason) {
      if (reason !== 'evict') return;
      cache.evictions += 1;
      cache.generation += 1;
      emit({ type: 'token.evicted', requestedScope: request.scope, scope });
    },
  });
  // Apart from the tokens: a token request fails until it gets a token, also if its cached token expires or is dropped.
  const failing = new LRUCache<string, FailingRequest>({ max: maxTokens });
  let thumbprint: string | undefined;

  function failed(request: CanonicalTokenRequest, error: unknown): FailingRequest {
    const failure = anotherFailure(failing.get(request.key), { request, error, clock });
    failing.set(request.key, failure);
    return failure;
  }

  const cache = {
    clock,
    maxTokens,
    emit,
    hits: 0,
    awaited: { shared_store: 0, grant: 0, joined: 0, error: 0 },
    generation: 0,
    evictions: 0,
    // No getter: it would slow down each access to a member of this object (`npm run benchmark -- cached-token`).
    size: () => tokens.size,
    get: (key: string) => tokens.get(key),
    watched: new Map<string, () => void>(),
    set(request: CanonicalTokenRequest, token: AccessToken): void {
      const { key, scope: requestedScope } = request;
      // Switch in one step, so that tokens always match the presented certificate.
      if (token.certificateThumbprint !== thumbprint) {
        thumbprint = token.certificateThumbprint;
        tokens.clear();
        cache.generation += 1;
        if (certificate !== undefined) authenticatorOf(certificate).useCertificate?.(thumbprint);
      }
      const current = tokens.get(key);
      // The jitter is drawn once for each token.
      if (current?.token === token) return;
      if (current !== undefined) cache.generation += 1;
      const schedule = renewalSchedule(token.expiresAt - token.issuedAt, random, refresh);
      tokens.set(key, { ...schedule, request, token, postponed: undefined });
      const failure = failing.get(key);
      // Such a token comes from the shared store, which returns it if a grant fails.
      const isOlder = current !== undefined && token.issuedAt < current.token.issuedAt;
      if (failure !== undefined && !isOlder && token.remainingMs(clock) > schedule.mandatoryMs) {
        failing.delete(key);
        const failedForMs = elapsedMs(failure.since, clock);
        emit({ type: 'renewal.recovered', requestedScope, scope: token.scope, failures: failure.count, failedForMs });
      }
      cache.watched.get(key)?.();
    },
    renewalFailed(cached: CachedToken, error: unknown, reason: GrantReason | undefined): void {
      const { token, request } = cached;
      cached.postponed = failed(request, error).postponed;
      const retryAfterMs = cached.postponed.remainingMs();
      const facts = { requestedScope: request.scope, scope: token.scope, reason, error };
      emit({ type: 'renewal.failed', ...facts, retryAfterMs, remainingMs: token.remainingMs(clock) });
      cache.watched.get(request.key)?.();
    },
    grantFailed(request: CanonicalTokenRequest, error: unknown): void {
      failed(request, error);
      cache.watched.get(request.key)?.();
    },
    dueMs(key: string): number {
      const cached = tokens.get(key);
      const remainingMs = cached?.token.remainingMs(clock) ?? 0;
      if (cached === undefined || remainingMs <= 0) return failing.get(key)?.postponed.remainingMs() ?? 0;
      const postponedMs = cached.postponed?.remainingMs() ?? 0;
      return Math.min(remainingMs, Math.max(remainingMs - cached.advisoryMs, postponedMs));
    },
    failure: (key: string): unknown => failing.get(key)?.error,
    states() {
      const entries = new Map<string, CacheEntry>(tokens.entries());
      for (const [key, failure] of failing.entries()) entries.set(key, { ...entries.get(key), ...failure });
      return [...entries.values()].map((entry) => tokenState(entry, clock)).filter((state) => state !== undefined);
    },
    drain() {
      cache.generation += 1;
      const valid = [...tokens.entries()].filter(([, { token }]) => token.remainingMs(clock) > 0);
      return valid.map(([key, cached]) => {
        const { token } = cached;
        cached.token = asExpired(token);
        return { key, token };
      });
    },
  };
  return cache satisfies CachedTokens as unknown as TokenCache;
}
