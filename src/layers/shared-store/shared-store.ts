import { hash } from 'node:crypto';

import { abortable, withDeadline } from '../../core/abort.js';
import type { AccessToken } from '../../core/access-token.js';
import { type Clock, instant, systemClock } from '../../core/clock.js';
import type { EventSink } from '../../core/events.js';
import { requestKey } from '../../core/token-request.js';
import { type GetTokenOptions, isUsable, type Layer } from '../../core/token-source.js';
import type { TokenStore } from '../../stores/token-store.js';
import { renewOrFallBack } from '../renew-or-fall-back.js';
import { mandatoryMs, type RefreshOptions } from '../renewal-schedule.js';
import { circuitBreaker } from './circuit-breaker.js';
import { withLease } from './lease.js';
import { canPresent, clockSkewMs, fromStored, type SenderConstraint, toStored } from './token-record.js';

/** Options of {@link withSharedStore}. */
export interface SharedStoreOptions {
  readonly store: TokenStore;
  /**
   * Identifies the authorization server, the client and its authentication method. Replicas with equal identities share
   * tokens. Must not contain a secret.
   */
  readonly identity: readonly (string | undefined)[];
  /** Reads the certificate and the DPoP key of the client. Only replicas with the same ones share tokens. */
  readonly senderConstraint?: (() => Promise<SenderConstraint>) | undefined;
  /** For the wait for another replica and the grant after it, in milliseconds. @default 15000 */
  readonly deadlineMs?: number | undefined;
  /** As for the cache. A stored token is renewed within its mandatory refresh window. */
  readonly refresh?: RefreshOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  readonly onEvent?: EventSink | undefined;
}

/**
 * Shares tokens between replicas through a store. Returns the stored token if it is good enough. Otherwise one replica
 * sends a grant while the others wait for its token. While the store fails, each replica sends its own grants.
 */
export function withSharedStore({
  store,
  identity,
  senderConstraint,
  deadlineMs = 15_000,
  refresh,
  clock = systemClock,
  random = Math.random,
  onEvent,
}: SharedStoreOptions): Layer {
  const readConstraint = async (): Promise<SenderConstraint> =>
    senderConstraint === undefined
      ? {}
      : withDeadline(Math.min(5_000, deadlineMs / 3), undefined, (until) => abortable(senderConstraint(), until));

  // Outside of its mandatory refresh window, and as recent as the token to be replaced.
  function isGoodEnough(token: AccessToken, { replacing, minValidityMs = 0 }: GetTokenOptions): boolean {
    const leastMs = Math.max(minValidityMs, mandatoryMs(token.expiresAt - token.issuedAt, refresh));
    const isRecent = replacing === undefined || token.issuedAt > replacing.issuedAt - clockSkewMs;
    return isRecent && isUsable(token, { replacing, minValidityMs: leastMs }, clock);
  }

  return (inner) => {
    const breaker = circuitBreaker(store, clock, onEvent);

    return {
      async getToken(request, options = {}) {
        const { signal } = options;
        signal?.throwIfAborted();
        // If the certificate or the key cannot be read, let the grant fail and report the reason.
        const constraint = await readConstraint().catch(() => undefined);
        if (constraint === undefined) return inner.getToken(request, options);
        const thumbprints = `${constraint.certificateThumbprint} ${constraint.thumbprint}`;
        // A hash has a fixed length and reveals nothing about the request.
        const key = hash('sha256', JSON.stringify([identity, thumbprints, requestKey(request)]), 'base64url');

        const read = async () => {
          const entry = await breaker.get(key, signal && { signal });
          if (entry === undefined) return undefined;
          const record = fromStored(key, entry, instant(clock), constraint);
          if (record.kind === 'invalid') void breaker.delete(key, entry);
          return record;
        };
        const record = await read();
        if (record?.kind === 'newer format') return inner.getToken(request, options);
        const stored = record?.token;
        if (stored !== undefined && isGoodEnough(stored, options)) return stored;

        const find = async (): Promise<AccessToken | undefined> => {
          const token = (await read())?.token;
          if (token === undefined) return undefined;
          // A token that was stored during the wait is the current one, even if it is the token to be replaced.
          const isNew = stored === undefined || token.issuedAt > stored.issuedAt;
          return (isNew ? isUsable(token, {}, clock) : isGoodEnough(token, options)) ? token : undefined;
        };
        const work = (until?: AbortSignal) => inner.getToken(request, { ...options, signal: until });
        const publish = async (token: AccessToken): Promise<void> => {
          const ttlMs = token.remainingMs(clock);
          // The certificate or the key may have been renewed since it was read.
          const isStorable = ttlMs > 0 && ttlMs < Infinity && canPresent(token, constraint);
          if (isStorable) await breaker.set(key, toStored(key, token), ttlMs);
        };
        const renewal = withLease({ store: breaker, key, deadlineMs, signal, find, work, publish, clock, random });
        if (stored === undefined || !isUsable(stored, options, clock)) return renewal;
        return renewOrFallBack(renewal, stored, clock).catch((error: unknown) => {
          if (signal?.aborted === true || !isUsable(stored, options, clock)) throw error;
          return stored;
        });
      },
    };
  };
}
