import { abortable } from '../core/abort.js';
import { type AccessToken, asExpired } from '../core/access-token.js';
import { checkArgument } from '../core/check-options.js';
import { elapsedMs, instant } from '../core/clock.js';
import { isTokenError } from '../core/errors.js';
import type { GrantReason } from '../core/events.js';
import { canonicalRequest, type CanonicalTokenRequest } from '../core/token-request.js';
import { type GetTokenOptions, isUsable, type Layer } from '../core/token-source.js';
import { renewOrFallBack } from './renew-or-fall-back.js';
import type { CachedToken } from './cached-tokens.js';
import { anyTokenCache, cachedTokensOf, type TokenCache } from './token-cache.js';

/**
 * Caches tokens, coalesces concurrent calls, and renews tokens on use before they expire.
 *
 * In the advisory refresh window the renewal runs in the background. Callers wait for the renewal in the mandatory
 * refresh window, and if their token was rejected or its remaining validity is too short. While the cached token is
 * valid, callers get it instead of the error of a failed renewal.
 * @throws {ConfigurationError} if `cache` was not made by `tokenCache`
 * @example
 * ```ts
 * import { staticToken } from 'm2m-tokens';
 * import { compose, tokenCache, withCache } from 'm2m-tokens/layers';
 *
 * const tokens = compose(staticToken('a-token'), withCache(tokenCache()));
 * ```
 */
export function withCache(tokenCache: TokenCache): Layer {
  checkArgument('withCache', 'cache', tokenCache, anyTokenCache);
  const cache = cachedTokensOf(tokenCache);
  const { clock } = cache;
  const isExpired = ({ token }: CachedToken): boolean => token.remainingMs(clock) <= 0;
  const isPostponed = ({ postponed }: CachedToken): boolean => postponed !== undefined && postponed.remainingMs() > 0;

  return (inner) => {
    const flights = new Map<string, Promise<AccessToken>>();

    function getToken(request: CanonicalTokenRequest, options: GetTokenOptions): Promise<AccessToken> {
      options.signal?.throwIfAborted();
      const cached = cache.get(request.key);
      if (cached === undefined || isExpired(cached)) {
        return awaited(request, options, () => firstToken(request, options));
      }
      const { token } = cached;
      // After a failed renewal, callers do not wait for the next one: during an outage this would only delay them.
      const mandatoryMs = cached.postponed === undefined ? cached.mandatoryMs : 0;
      const minValidityMs = Math.max(options.minValidityMs ?? 0, mandatoryMs);
      if (isUsable(token, { ...options, minValidityMs }, clock)) {
        if (token.remainingMs(clock) <= cached.advisoryMs && !isPostponed(cached)) {
          const renewal = flightFor(request, { replacing: token, reason: options.reason ?? 'advisory' });
          renewal.catch(() => undefined);
          // A watch waits for its renewal: it asks again when the next one is due.
          if (options.reason === 'watch') return abortable(renewal, options.signal);
        }
        cache.hits += 1;
        return Promise.resolve(token);
      }
      const isRejected = token.value === options.replacing?.value;
      if (isPostponed(cached) && !isRejected) {
        cache.hits += 1;
        return Promise.resolve(token);
      }
      return awaited(request, options, () => renewedToken(request, cached, options));
    }

    /** Waits for a token, and emits how the wait ended. An aborted wait emits nothing. */
    async function awaited(
      request: CanonicalTokenRequest,
      { signal }: GetTokenOptions,
      wait: () => Promise<AccessToken>,
    ): Promise<AccessToken> {
      const began = instant(clock);
      const isJoined = flights.has(request.key);
      const before = cache.get(request.key)?.token;
      const facts = () => ({ requestedScope: request.scope, durationMs: elapsedMs(began, clock) });
      try {
        const token = await wait();
        // The renewal failed or takes too long: the caller got the token that the cache had.
        if (token === before) {
          cache.hits += 1;
          return token;
        }
        const source = isJoined ? 'joined' : token.shared ? 'shared_store' : 'grant';
        cache.awaited[source] += 1;
        cache.emit({ type: 'token.awaited', ...facts(), source });
        return token;
      } catch (error) {
        if (signal?.aborted === true) throw error;
        const retryAfterMs = isTokenError(error) ? error.retryAfterMs : undefined;
        cache.awaited.error += 1;
        cache.emit({ type: 'token.unavailable', ...facts(), error, retryAfterMs });
        throw error;
      }
    }

    async function renewedToken(
      request: CanonicalTokenRequest,
      cached: CachedToken,
      options: GetTokenOptions,
    ): Promise<AccessToken> {
      const { token } = cached;
      const { minValidityMs, signal } = options;
      const reason = reasonToRenew(cached, options);
      const renewal = abortable(flightFor(request, { replacing: token, minValidityMs, reason }), signal);
      const renewed = await (isUsable(token, options, clock) ? renewOrFallBack(renewal, token, clock) : renewal);
      // The renewal failed and returned the old token, which has expired or was revoked in the meantime.
      return renewed === token && isExpired(cached) ? firstToken(request, options) : renewed;
    }

    const reasonToRenew = (
      { token }: CachedToken,
      { replacing, minValidityMs = 0, reason = 'mandatory' }: GetTokenOptions,
    ): GrantReason => {
      if (token.value === replacing?.value) return 'rejected';
      return token.remainingMs(clock) <= minValidityMs ? 'min_validity' : reason;
    };

    async function firstToken(
      request: CanonicalTokenRequest,
      { replacing, minValidityMs, signal, reason: ownReason = 'cold' }: GetTokenOptions,
    ): Promise<AccessToken> {
      const joined = flights.get(request.key);
      if (joined !== undefined) {
        const token = await abortable(joined, signal);
        // A flight that began before the rejection may return the rejected token.
        if (token.value !== replacing?.value) return token;
      }
      const current = cache.get(request.key)?.token;
      // A token that is not in the cache may be revoked, or bound to an earlier certificate. It is passed as expired,
      // so that no layer returns it.
      const rejected = replacing?.value === current?.value ? current : replacing && asExpired(replacing);
      const reason = replacing === undefined ? ownReason : 'rejected';
      return abortable(flightFor(request, { replacing: rejected ?? current, minValidityMs, reason }), signal);
    }

    /** Returns the flight for this request, or starts one. */
    function flightFor(request: CanonicalTokenRequest, options: GetTokenOptions): Promise<AccessToken> {
      const { key } = request;
      const flight = flights.get(key) ?? requestAndCache(request, options).finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    }

    /** Completes after the token is in the cache; otherwise a caller in between would start a second grant. */
    async function requestAndCache(request: CanonicalTokenRequest, options: GetTokenOptions): Promise<AccessToken> {
      const current = cache.get(request.key);
      const isRenewal = current !== undefined && !isExpired(current);
      try {
        const token = await inner.getToken(request, options);
        if (token.remainingMs(clock) > 0) cache.set(request, token);
        // If the new token has already expired, keep the current one.
        else if (isRenewal && !isExpired(current)) return current.token;
        return token;
      } catch (error) {
        if (!isRenewal) {
          cache.grantFailed(request, error);
          throw error;
        }
        cache.renewalFailed(current, error, options.reason);
        // The token expired during this attempt. Try once more, as the first call after expiry does.
        return isExpired(current) ? requestAndCache(request, { ...options, replacing: current.token }) : current.token;
      }
    }

    return { getToken: async (request, options = {}) => getToken(canonicalRequest(request), options) };
  };
}
