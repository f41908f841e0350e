import { abortable } from '../../core/abort.js';
import type { AccessToken } from '../../core/access-token.js';
import { anyFunction, anyObject, checkArgument, checkOptions, durationMs } from '../../core/check-options.js';
import { canonicalRequest, type TokenRequest } from '../../core/token-request.js';
import { type GetTokenOptions, isUsable, type Layer } from '../../core/token-source.js';
import { clockSkewMs } from '../../stores/token-record.js';
import { renewOrFallBack } from '../renew-or-fall-back.js';
import { mandatoryMs, type RefreshOptions } from '../renewal-schedule.js';
import { withLease } from './lease.js';
import { anySharedTokens, entriesOf, type SharedTokens } from '../../stores/shared-tokens.js';

/** Options of {@link withSharedStore}. */
export interface SharedStoreOptions {
  /** Time limit for the wait for another replica and the grant after it, in milliseconds. @default 15000 */
  readonly deadlineMs?: number | undefined;
  /** As for the cache. A stored token is renewed within its mandatory refresh window. */
  readonly refresh?: RefreshOptions | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
}

/**
 * Shares tokens between replicas through a store. If the store has no usable token, one replica sends a grant and the others wait
 * for its token. While the store fails, each replica sends its own grants.
 * @throws {ConfigurationError} if `shared` was not made by `sharedTokens`, or an option is unknown or malformed
 * @example
 * ```ts
 * import { memoryStore, staticToken } from 'm2m-tokens';
 * import { compose, sharedTokens, withSharedStore } from 'm2m-tokens/layers';
 *
 * const shared = sharedTokens({ store: memoryStore(), identity: ['https://auth.example.com', 'orders-service'] });
 * const tokens = compose(staticToken('a-token'), withSharedStore(shared));
 * ```
 */
export function withSharedStore(sharedTokens: SharedTokens, layerOptions: SharedStoreOptions = {}): Layer {
  checkArgument('withSharedStore', 'shared', sharedTokens, anySharedTokens);
  checkOptions('withSharedStore', layerOptions, { deadlineMs: durationMs, refresh: anyObject, random: anyFunction });
  const { deadlineMs = 15_000, refresh, random = Math.random } = layerOptions;
  const shared = entriesOf(sharedTokens);
  const { clock } = shared;

  // Whether a token is outside its mandatory refresh window, and no older than the token to be replaced.
  function isGoodEnough(token: AccessToken, { replacing, minValidityMs = 0 }: GetTokenOptions): boolean {
    const leastValidityMs = Math.max(minValidityMs, mandatoryMs(token.expiresAt - token.issuedAt, refresh));
    const isRecent = replacing === undefined || token.issuedAt > replacing.issuedAt - clockSkewMs;
    return isRecent && isUsable(token, { replacing, minValidityMs: leastValidityMs }, clock);
  }

  return (inner) => {
    /** Renewals in flight whose callers already got the stored token, by the key of the token request. */
    const renewals = new Map<string, Promise<AccessToken>>();

    function trackRenewal(key: string, renewal: Promise<AccessToken>): void {
      const end = (): void => {
        if (renewals.get(key) === renewal) renewals.delete(key);
      };
      renewals.set(key, renewal);
      renewal.then(end, end);
    }

    // While the store fails there is no lease. Then only this function prevents a second concurrent grant.
    async function joinOrRenew(
      key: string,
      { replacing, signal }: GetTokenOptions,
      renew: () => Promise<AccessToken>,
    ): Promise<AccessToken> {
      const earlier = renewals.get(key);
      const token = earlier && (await abortable(earlier, signal).catch(() => signal?.throwIfAborted()));
      return token && isUsable(token, { replacing }, clock) ? token : renew();
    }

    async function getToken(request: TokenRequest | undefined, options: GetTokenOptions): Promise<AccessToken> {
      const { signal, reason } = options;
      signal?.throwIfAborted();
      const canonical = canonicalRequest(request);
      if (!shared.mayHold(canonical)) return inner.getToken(request, options);
      const { key, scope: requestedScope } = canonical;
      const entry = await abortable(shared.entry(key), signal);
      // If the key or certificate cannot be read, let the grant fail and report the reason.
      if (entry === undefined) return inner.getToken(request, options);
      const record = await entry.read(signal);
      if (record?.kind === 'newer format') return inner.getToken(request, options);
      const stored = record?.token;
      if (stored !== undefined && isGoodEnough(stored, options)) return stored;

      const find = async (): Promise<AccessToken | undefined> => {
        const token = (await entry.read(signal))?.token;
        if (token === undefined) return undefined;
        // A token that was stored during the wait is the current one, even if it is the token to be replaced.
        const isNew = stored === undefined || token.issuedAt > stored.issuedAt;
        return (isNew ? isUsable(token, {}, clock) : isGoodEnough(token, options)) ? token : undefined;
      };
      const hasFallback = stored !== undefined && isUsable(stored, options, clock);
      const work = (workSignal?: AbortSignal) =>
        inner.getToken(request, { ...options, signal: workSignal, hasFallback });
      // The rate limit may return the token to be replaced. Do not store it: another replica may have revoked it.
      const isReplaced = ({ value, issuedAt }: AccessToken): boolean =>
        value === options.replacing?.value && issuedAt <= options.replacing.issuedAt;
      const replaced = stored?.value === options.replacing?.value ? stored : undefined;
      const publish = async (token: AccessToken) => (isReplaced(token) ? undefined : entry.write(token, replaced));
      const onWait = (retryAfterMs: number): void =>
        shared.emit({ type: 'grant.suppressed', requestedScope, reason, suppression: 'lease', retryAfterMs });
      const renew = () => withLease({ entry, deadlineMs, signal, find, work, publish, onWait, clock, random });
      const renewal = joinOrRenew(key, options, renew);
      if (!hasFallback) return renewal;
      try {
        const renewed = await renewOrFallBack(renewal, stored, clock);
        if (renewed === stored) trackRenewal(key, renewal);
        // If the new token has already expired, keep the stored one.
        return renewed.remainingMs(clock) <= 0 && isUsable(stored, options, clock) ? stored : renewed;
      } catch (error) {
        if (signal?.aborted === true || !isUsable(stored, options, clock)) throw error;
        return stored;
      }
    }

    return { getToken: (request, options = {}) => getToken(request, options) };
  };
}
