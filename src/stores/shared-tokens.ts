import { hash } from 'node:crypto';

import { abortable, withDeadline } from '../core/abort.js';
import type { AccessToken, DpopKeyPair } from '../core/access-token.js';
import {
  anyClock,
  anyFunction,
  anyList,
  anyObject,
  checkArgument,
  checkOptions,
  objectWith,
} from '../core/check-options.js';
import { type Clock, instant, systemClock } from '../core/clock.js';
import { eventSink } from '../core/event-sink.js';
import type { EventSink, TokenEvent } from '../core/events.js';
import type { Signer } from '../core/signer.js';
import type { CanonicalTokenRequest } from '../core/token-request.js';
import { circuitBreaker } from './circuit-breaker.js';
import { canPresent, fromStored, type SenderConstraint, type TokenRecord, toStored } from './token-record.js';
import { anyTokenStore, isConfidential, type Lease, type TokenStore } from './token-store.js';

/** Options of {@link sharedTokens}. */
export interface SharedTokensOptions {
  /** The store that the replicas share. */
  readonly store: TokenStore;
  /**
   * Identifies the authorization server, the client and its authentication method. Replicas with equal identities share
   * tokens. Must not contain a secret.
   */
  readonly identity: readonly (string | undefined)[];
  /** Reads the certificate and the key of the client. Only replicas with the same ones share tokens. */
  readonly senderConstraint?:
    | (() => Promise<{
        /** SHA-256 thumbprint of the client certificate (RFC 8705 §3.1). */
        readonly certificateThumbprint?: string | undefined;
        /** The DPoP key. */
        readonly keyPair?: DpopKeyPair | undefined;
        /** The remote signer with the DPoP key, in place of `keyPair`. */
        readonly signer?: Signer | undefined;
        /** A digest of the public DPoP key. */
        readonly thumbprint?: string | undefined;
      }>)
    | undefined;
  /** Reads a digest of the subject that the tokens are for. Only replicas with the same subject share tokens. */
  readonly subject?: (() => Promise<string>) | undefined;
  /** For tests. @default the system clock */
  readonly clock?: Clock | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
}

/** The tokens of one client in a store, for `withSharedStore`. Made by {@link sharedTokens}; its members are internal. */
export interface SharedTokens {
  /** @internal */
  readonly [brand]: 'SharedTokens';
}

declare const brand: unique symbol;

/** The members of {@link SharedTokens}: `withSharedStore` reads and writes the tokens, the revocation removes them. */
export interface SharedEntries {
  readonly clock: Clock;
  readonly emit: (event: TokenEvent) => void;
  /** Whether the store may hold the token of this request. Tokens of a user are only put into a confidential store. */
  mayHold(request: Pick<CanonicalTokenRequest, 'hasSubject'>): boolean;
  /** The entry of one token request; `undefined` if the key or certificate of the client cannot be read. */
  entry(requestKey: string): Promise<SharedEntry | undefined>;
  /** Since when the store fails, in milliseconds since the epoch; `undefined` while it works. */
  failingSince(): number | undefined;
  /** Waits for the writes under way. Never rejects. */
  flush(): Promise<void>;
}

export const anySharedTokens = objectWith('entry', 'flush');

/** The members of shared tokens. */
export const entriesOf = (shared: SharedTokens): SharedEntries => shared as unknown as SharedEntries;

/** The entry of one token request. Its methods never reject, unless `signal` is aborted. */
export interface SharedEntry {
  /** Whether the store failed recently and is being skipped. */
  isSkipped(): boolean;
  read(signal?: AbortSignal): Promise<TokenRecord | undefined>;
  /** Stores the token. If the entry holds a newer token other than `replaced`, that token stays. */
  write(token: AccessToken, replaced?: AccessToken): Promise<void>;
  /** Removes the token, unless the entry holds another token. */
  remove(token: AccessToken): Promise<void>;
  lease(ms: number, signal?: AbortSignal): Promise<Lease | undefined>;
}

const constraintTimeoutMs = 5_000;

/**
 * Makes the tokens of one client in a store available to `withSharedStore`.
 * @throws {ConfigurationError} if an option is missing, unknown or malformed
 * @example
 * ```ts
 * import { memoryStore } from 'm2m-tokens';
 * import { sharedTokens } from 'm2m-tokens/layers';
 *
 * const shared = sharedTokens({ store: memoryStore(), identity: ['https://auth.example.com', 'orders-service'] });
 * ```
 */
export function sharedTokens(options: SharedTokensOptions): SharedTokens {
  const checks = { store: anyObject, identity: anyList, senderConstraint: anyFunction, subject: anyFunction };
  checkOptions('sharedTokens', options, { ...checks, clock: anyClock, onEvent: anyFunction });
  checkArgument('sharedTokens', 'store', options.store, anyTokenStore);
  checkArgument('sharedTokens', 'identity', options.identity, anyList);
  const { store, identity, senderConstraint, subject, clock = systemClock, onEvent } = options;
  const breaker = circuitBreaker(store, clock, onEvent);
  /** The writes under way, by key. */
  const writes = new Map<string, Promise<unknown>>();

  async function readConstraint(): Promise<readonly [SenderConstraint, string | undefined]> {
    const read = async () => Promise.all([senderConstraint?.() ?? {}, subject?.()]);
    if (senderConstraint === undefined && subject === undefined) return [{}, undefined];
    return withDeadline(constraintTimeoutMs, undefined, (signal) => abortable(read(), signal));
  }

  function entryOf(
    requestKey: string,
    [constraint, currentSubject]: readonly [SenderConstraint, string | undefined],
  ): SharedEntry {
    const thumbprints = `${constraint.certificateThumbprint} ${constraint.thumbprint}`;
    // A hash has a fixed length and reveals nothing about the request.
    const key = hash('sha256', JSON.stringify([identity, thumbprints, requestKey, currentSubject]), 'base64url');

    const remove = (token: AccessToken) => breaker.delete(key, toStored(key, token));

    async function replace(token: AccessToken, ttlMs: number, replaced: AccessToken | undefined): Promise<void> {
      // The replaced token comes from a replica whose clock is ahead. The store would keep it as the newer token.
      if (replaced !== undefined && replaced.issuedAt > token.issuedAt) await remove(replaced);
      await breaker.set(key, toStored(key, token), ttlMs);
    }

    return {
      isSkipped: () => breaker.isOpen(),
      async read(signal) {
        // Wait for the write of this replica. Otherwise a later read would take its token for one of another replica.
        const write = writes.get(key);
        if (write !== undefined) await abortable(write, signal);
        const stored = await breaker.get(key, signal && { signal });
        const record = stored && fromStored(key, stored, instant(clock), constraint);
        if (stored !== undefined && record?.kind === 'invalid') void breaker.delete(key, stored);
        return record;
      },
      async write(token, replaced) {
        const ttlMs = token.remainingMs(clock);
        // The certificate or the key may have been rotated since it was read.
        if (!(ttlMs > 0 && ttlMs < Infinity) || !canPresent(token, constraint)) return;
        const earlier = writes.get(key);
        const write = Promise.all([earlier, replace(token, ttlMs, replaced)]).finally(() => {
          if (writes.get(key) === write) writes.delete(key);
        });
        writes.set(key, write);
        await write;
      },
      remove,
      lease: (ms, signal) => breaker.lease(key, ms, signal && { signal }),
    };
  }

  const entries: SharedEntries = {
    clock,
    emit: eventSink(onEvent),
    mayHold: ({ hasSubject }) => !hasSubject || isConfidential(store),
    async entry(requestKey) {
      const constraint = await readConstraint().catch(() => undefined);
      return constraint && entryOf(requestKey, constraint);
    },
    failingSince: () => breaker.failingSince()?.wall,
    async flush() {
      await Promise.all(writes.values());
    },
  };
  return entries as unknown as SharedTokens;
}
