import { abortable } from '../core/abort.js';
import { type AccessToken, asExpired } from '../core/access-token.js';
import { checkArgument } from '../core/check-options.js';
import { canonicalRequest, requestKey, type TokenRequest } from '../core/token-request.js';
import { type GetTokenOptions, isUsable, type Layer } from '../core/token-source.js';
import { renewOrFallBack } from './renew-or-fall-back.js';
import { anyTokenCache, type CachedToken, cachedTokensOf, type TokenCache } from './token-cache.js';

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

    async function getToken(request: TokenRequest | undefined, options: GetTokenOptions): Promise<AccessToken> {
      options.signal?.throwIfAborted();
      const key = requestKey(request);
      const cached = cache.get(key);
      if (cached === undefined || isExpired(cached)) return firstToken(key, request, options);

      const { token } = cached;
      // After a failed renewal, callers do not wait for the next one: during an outage this would only delay them.
      const mandatoryMs = cached.postponed === undefined ? cached.mandatoryMs : 0;
      const minValidityMs = Math.max(options.minValidityMs ?? 0, mandatoryMs);
      if (isUsable(token, { ...options, minValidityMs }, clock)) {
        if (token.remainingMs(clock) <= cached.advisoryMs && !isPostponed(cached)) {
          flightFor(key, request, { replacing: token }).catch(() => undefined);
        }
        return token;
      }
      const isRejected = token.value === options.replacing?.value;
      if (isPostponed(cached) && !isRejected) return token;

      const flight = flightFor(key, request, { replacing: token, minValidityMs: options.minValidityMs });
      const renewal = abortable(flight, options.signal);
      const renewed = await (isUsable(token, options, clock) ? renewOrFallBack(renewal, token, clock) : renewal);
      // The renewal failed and returned the old token, which has expired or was revoked in the meantime.
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
        // A flight that began before the rejection may return the rejected token.
        if (token.value !== replacing?.value) return token;
      }
      const current = cache.get(key)?.token;
      // A token that is not in the cache may be revoked, or bound to an earlier certificate. It is passed as expired,
      // so that no layer returns it.
      const rejected = replacing?.value === current?.value ? current : replacing && asExpired(replacing);
      return abortable(flightFor(key, request, { replacing: rejected ?? current, minValidityMs }), signal);
    }

    /** Returns the flight for this key, or starts one. */
    function flightFor(key: string, request: TokenRequest | undefined, options: GetTokenOptions): Promise<AccessToken> {
      const flight = flights.get(key) ?? requestAndCache(key, request, options).finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    }

    /** Completes after the token is in the cache; otherwise a caller in between would start a second grant. */
    async function requestAndCache(
      key: string,
      request: TokenRequest | undefined,
      options: GetTokenOptions,
    ): Promise<AccessToken> {
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
        cache.renewalFailed(current, error, canonicalRequest(request).scope);
        // The token expired during this attempt. Try once more, as the first call after expiry does.
        return isExpired(current)
          ? requestAndCache(key, request, { ...options, replacing: current.token })
          : current.token;
      }
    }

    return { getToken: (request, options = {}) => getToken(request, options) };
  };
}
