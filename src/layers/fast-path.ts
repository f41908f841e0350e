import { AsyncResource } from 'node:async_hooks';

import { LRUCache } from 'lru-cache';

import type { AccessToken } from '../core/access-token.js';
import { checkArgument } from '../core/check-options.js';
import type { TokenRequest } from '../core/token-request.js';
import type { GetTokenOptions, Layer } from '../core/token-source.js';
import { anyTokenCache, cachedTokensOf, type TokenCache } from './token-cache.js';

/** A token that the layer below returned a moment ago. */
interface Answer {
  readonly token: Promise<AccessToken>;
  readonly generation: number;
  /** Wall-clock times between which the answer is trusted. */
  readonly from: number;
  readonly until: number;
}

const maxTrustMs = 1_000;

/**
 * Returns tokens that the cache returned within the last second for the same scope and audience. It saves the checks and the key
 * of the full way, which take several times as long (`npm run benchmark -- cached-token`).
 *
 * Known limit: it reads the wall clock only. If that clock is set back into the trusted second of an idle service, an
 * expired token is returned for the rest of that second.
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
    const answers = new LRUCache<string, Answer>({ max: maxTokens });
    let defaultAnswer: Answer | undefined;
    // A promise keeps the asynchronous context of its creation alive, which must not be that of a caller's request.
    const context = new AsyncResource('m2m-tokens');

    function remember(key: string, token: AccessToken, generation: number): AccessToken {
      const from = clock.now();
      const trustMs = Math.min(maxTrustMs, token.remainingMs(clock) / 20);
      const kept = context.runInAsyncScope(() => Promise.resolve(token));
      const answer = { token: kept, generation, from, until: from + trustMs };
      if (key === defaultKey) defaultAnswer = answer;
      else answers.set(key, answer);
      return token;
    }

    return {
      getToken(request, options) {
        const key = acceptsAnyToken(options) ? keyOf(request) : undefined;
        if (key === undefined) return inner.getToken(request, options);
        const known = key === defaultKey ? defaultAnswer : answers.get(key);
        if (known !== undefined && known.generation === cache.generation) {
          const now = clock.now();
          if (now >= known.from && now < known.until) return known.token;
        }
        // The generation before the call: a token that is revoked meanwhile must not be remembered.
        const { generation } = cache;
        return inner.getToken(request, options).then((token) => remember(key, token, generation));
      },
    };
  };
}

// A signal ends a wait, and this layer does not wait.
const acceptsAnyToken = (options: GetTokenOptions | undefined): boolean =>
  options === undefined ||
  (options !== null &&
    options.replacing === undefined &&
    options.minValidityMs === undefined &&
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
  // An empty text is not the same as none: it overrides the default.
  if (scope === '' || audience === '') return undefined;
  if (scope === undefined && audience === undefined) return defaultKey;
  // Only the key of a request with an audience holds a line break, since a scope holds none.
  if (scope !== undefined && (typeof scope !== 'string' || scope.includes('\n'))) return undefined;
  if (audience === undefined) return scope;
  return typeof audience === 'string' ? `${scope ?? ''}\n${audience}` : undefined;
}
