import { AsyncResource } from 'node:async_hooks';

import { LRUCache } from 'lru-cache';

import type { AccessToken } from '../core/access-token.js';
import { checkArgument } from '../core/check-options.js';
import type { TokenRequest } from '../core/token-request.js';
import type { GetTokenOptions, Layer } from '../core/token-source.js';
import { anyTokenCache, cachedTokensOf, type TokenCache } from './token-cache.js';

/** A token that the inner token source returned within the last second. */
interface RecentToken {
  readonly token: Promise<AccessToken>;
  readonly generation: number;
  /** Wall-clock times between which the token is returned without further checks. */
  readonly from: number;
  readonly until: number;
}

const maxTrustMs = 1_000;

/**
 * Returns tokens that the cache returned within the last second for the same scope and audience. This saves the checks
 * and the cache key of the full path, which take several times as long (`npm run benchmark -- cached-token`).
 *
 * Known limitation: this layer reads only the wall clock. If the clock is set back to within one second after a token
 * was returned, the layer returns that token for the rest of the second, even if it has expired.
 * @throws {ConfigurationError} if `cache` was not made by `tokenCache`
 * @example
 * ```ts
 * import { staticToken } from 'm2m-tokens';
 * import { compose, tokenCache, withCache, withFastPath } from 'm2m-tokens/layers';
 *
 * const cache = tokenCache();
 * const tokens = compose(staticToken('a-token'), withCache(cache), withFastPath(cache));
 * ```
 */
export function withFastPath(tokenCache: TokenCache): Layer {
  checkArgument('withFastPath', 'cache', tokenCache, anyTokenCache);
  const cache = cachedTokensOf(tokenCache);
  const { clock, maxTokens } = cache;

  return (inner) => {
    const recentTokens = new LRUCache<string, RecentToken>({ max: maxTokens });
    let recentDefault: RecentToken | undefined;
    // A promise keeps the asynchronous context of its creation alive, so it is created outside the callers' contexts.
    const context = new AsyncResource('m2m-tokens');

    function remember(key: string, token: AccessToken, generation: number): AccessToken {
      const from = clock.now();
      const trustMs = Math.min(maxTrustMs, token.remainingMs(clock) / 20);
      const promise = context.runInAsyncScope(() => Promise.resolve(token));
      const recent = { token: promise, generation, from, until: from + trustMs };
      if (key === defaultKey) recentDefault = recent;
      else recentTokens.set(key, recent);
      return token;
    }

    return {
      getToken(request, options) {
        const key = acceptsAnyToken(options) ? keyOf(request) : undefined;
        if (key === undefined) return inner.getToken(request, options);
        const recent = key === defaultKey ? recentDefault : recentTokens.get(key);
        if (recent !== undefined && recent.generation === cache.generation) {
          const now = clock.now();
          if (now >= recent.from && now < recent.until) {
            cache.hits += 1;
            return recent.token;
          }
        }
        // Read the generation before the call, so that a token that is revoked during the call is not remembered.
        const { generation } = cache;
        return inner.getToken(request, options).then((token) => remember(key, token, generation));
      },
    };
  };
}

// This layer never waits, so a signal that is not yet aborted has no effect.
const acceptsAnyToken = (options: GetTokenOptions | undefined): boolean =>
  options === undefined ||
  (options !== null &&
    options.replacing === undefined &&
    options.minValidityMs === undefined &&
    options.reason === undefined &&
    options.signal?.aborted !== true);

const defaultKey = '';

/** The key of a plain token request of a scope, an audience, both or neither; `undefined` for any other. */
function keyOf(request: TokenRequest | undefined): string | undefined {
  if (request === undefined) return defaultKey;
  if (request === null || Object.getPrototypeOf(request) !== Object.prototype) return undefined;
  let scope: unknown;
  let audience: unknown;
  for (const name in request) {
    if (name === 'scope') scope = request.scope;
    else if (name === 'audience') audience = request.audience;
    else return undefined;
  }
  // Unlike `undefined`, an empty string overrides the default.
  if (scope === '' || audience === '') return undefined;
  if (scope === undefined && audience === undefined) return defaultKey;
  // Only the key of a request with an audience holds a line break, since a scope holds none.
  if (scope !== undefined && (typeof scope !== 'string' || scope.includes('\n'))) return undefined;
  if (audience === undefined) return scope;
  return typeof audience === 'string' ? `${scope ?? ''}\n${audience}` : undefined;
}
