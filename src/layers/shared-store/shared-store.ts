import { hash } from 'node:crypto';

import { withDeadline } from '../../core/abort.js';
import { AccessToken, type AccessTokenFields } from '../../core/access-token.js';
import { type Clock, elapsedMs, type Instant, instant, systemClock } from '../../core/clock.js';
import type { EventSink } from '../../core/events.js';
import { canonicalRequest, type CanonicalTokenRequest, type TokenRequest } from '../../core/token-request.js';
import { type GetTokenOptions, isUsable, type Layer } from '../../core/token-source.js';
import type { Lease, TokenStore } from '../../stores/token-store.js';
import { renewOrFallBack } from '../renew-or-fall-back.js';
import { mandatoryMs, type RefreshOptions } from '../renewal-schedule.js';
import { guardStore } from './circuit-breaker.js';
import { patience } from './patience.js';
import { clockSkewMs, fromStored, toStored } from './token-record.js';

/** Options of {@link withSharedStore}. */
export interface SharedStoreOptions {
  readonly store: TokenStore;
  /** Who asks whom, and how it authenticates: tokens are shared by replicas that agree in all of it. No secret. */
  readonly identity: readonly (string | undefined)[];
  /** What tokens are bound to: they are shared by those who hold it, and a token from the store gets it back. */
  readonly senderConstraint?: (() => Promise<SenderConstraint>) | undefined;
  /**
   * For waiting until another replica has a token and a grant of one's own after that, in milliseconds.
   * @default 15000
   */
  readonly deadlineMs?: number | undefined;
  /** When tokens are renewed, as the cache above has it. */
  readonly refresh?: RefreshOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  readonly onEvent?: EventSink | undefined;
}

/** What tokens are bound to, if anything. */
export interface SenderConstraint extends Pick<AccessTokenFields, 'certificateThumbprint' | 'keyPair'> {
  /** Of the key pair. */
  readonly thumbprint?: string | undefined;
}

/** One call: what is asked for and what was found before anybody was asked. */
interface Call {
  readonly key: string;
  readonly bound: SenderConstraint;
  readonly request: TokenRequest | undefined;
  readonly options: GetTokenOptions;
  readonly began: Instant;
  readonly found: AccessToken | undefined;
}

/**
 * Shares tokens with other replicas through a store: takes the one that is there, else one replica asks while the others
 * wait for its token. A store that fails or hangs costs up to 250 ms once in 5 s and nothing else: each asks for itself.
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
  // A holder that dies costs the others this long; one that lives extends its lease.
  const leaseMs = Math.min(5_000, deadlineMs / 3);
  // The rest of the deadline is for a grant of one's own.
  const patienceMs = (deadlineMs * 2) / 3;

  return (inner) => {
    const guarded = guardStore(store, { clock, onEvent });
    const withPatience = patience(leaseMs);
    const keys = new WeakMap<CanonicalTokenRequest, { readonly held: string; readonly key: string }>();

    // A hash: it tells nothing of what is asked for, and of one length. The one of the default request is asked for again and again.
    function keyOf(request: CanonicalTokenRequest, bound: SenderConstraint): string {
      const held = `${bound.certificateThumbprint} ${bound.thumbprint}`;
      const known = keys.get(request);
      if (known?.held === held) return known.key;
      const key = hash('sha256', JSON.stringify([identity, held, request.key]), 'base64url');
      keys.set(request, { held, key });
      return key;
    }

    // It may come from a vault, or never.
    const lookUp = (binds: () => Promise<SenderConstraint>): Promise<SenderConstraint | undefined> =>
      withPatience(binds, undefined).catch(() => undefined);

    async function read(
      { key, bound }: Pick<Call, 'key' | 'bound'>,
      signal: AbortSignal | undefined,
    ): Promise<AccessToken | 'later version' | undefined> {
      const stored = await guarded.get(key, signal);
      if (stored === undefined) return undefined;
      const fields = fromStored(key, stored, instant(clock));
      if (fields === 'later version') return fields;
      if (fields !== 'odd') return restore(fields, bound);
      void guarded.delete(key, stored);
      return undefined;
    }

    async function ask(call: Call): Promise<AccessToken> {
      const { key, options, began } = call;
      const { signal } = options;
      let tries = 0;
      for (; !guarded.isAway(); tries += 1) {
        const lease = await guarded.lease(key, leaseMs, signal);
        if (lease !== undefined) return askAsHolder(call, lease, tries);
        if (guarded.isAway() || elapsedMs(began, clock) >= patienceMs) break;
        await clock.sleep(Math.min(100, 20 * 2 ** tries) * (0.5 + random() / 2), signal);
        const token = await read(call, signal);
        if (isAnswer(token, call)) return token;
      }
      return grant(call, tries);
    }

    // The inner source has a deadline of its own; who has waited before is left with the rest of it.
    function grant({ request, options, began }: Call, tries: number): Promise<AccessToken> {
      if (tries === 0) return inner.getToken(request, options);
      const leftMs = Math.max(deadlineMs - elapsedMs(began, clock), deadlineMs - patienceMs);
      return withDeadline(leftMs, options.signal, (signal) => inner.getToken(request, { ...options, signal }));
    }

    async function askAsHolder(call: Call, lease: Lease, tries: number): Promise<AccessToken> {
      const { options } = call;
      const done = new AbortController();
      let sharing: Promise<void> | undefined;
      void keep(lease, call.began, done.signal);
      try {
        // Whoever had the lease before may have answered since.
        const token = await read(call, options.signal);
        if (isAnswer(token, call)) return token;
        const granted = await grant(call, tries);
        sharing = share(call, granted);
        return granted;
      } finally {
        done.abort();
        // Not before the token is there, for those who take the lease then; nobody here waits for it.
        void Promise.resolve(sharing).then(() => guarded.release(lease));
      }
    }

    async function keep(lease: Lease, began: Instant, signal: AbortSignal): Promise<void> {
      const isStillHeld = () =>
        clock.sleep(leaseMs / 3, signal).then(
          () => elapsedMs(began, clock) < deadlineMs,
          () => false,
        );
      while (await isStillHeld()) await guarded.extend(lease, leaseMs);
    }

    async function share({ key, bound }: Call, token: AccessToken): Promise<void> {
      const ttlMs = token.remainingMs(clock);
      // A certificate may have been renewed since the key was made.
      const isOfOtherKey = token.type === 'DPoP' && (token.keyPair === undefined || token.keyPair !== bound.keyPair);
      const isOfOtherCertificate =
        token.certificateThumbprint !== undefined && token.certificateThumbprint !== bound.certificateThumbprint;
      if (ttlMs <= 0 || ttlMs === Infinity || isOfOtherKey || isOfOtherCertificate) return;
      await guarded.set(key, toStored(key, token), ttlMs);
    }

    // A token that came while this call waited is what the authorization server answers now, be it the same as before.
    function isAnswer(
      token: AccessToken | 'later version' | undefined,
      { found, options }: Call,
    ): token is AccessToken {
      if (token === undefined || token === 'later version') return false;
      const isNew = found === undefined || token.issuedAt > found.issuedAt;
      return (isNew && token.remainingMs(clock) > 0) || isGood(token, options);
    }

    // A token in its last moments is renewed first, and one from before the one to be replaced is no better than that.
    function isGood(token: AccessToken, options: GetTokenOptions): boolean {
      const minValidityMs = Math.max(
        options.minValidityMs ?? 0,
        mandatoryMs(token.expiresAt - token.issuedAt, refresh),
      );
      const since = (options.replacing?.issuedAt ?? -Infinity) - clockSkewMs;
      return token.issuedAt > since && isUsable(token, { ...options, minValidityMs }, clock);
    }

    return {
      async getToken(request, options = {}) {
        options.signal?.throwIfAborted();
        const bound = senderConstraint === undefined ? unbound : await lookUp(senderConstraint);
        // Whoever asks finds out why what tokens are bound to cannot be had.
        if (bound === undefined) return inner.getToken(request, options);
        const key = keyOf(canonicalRequest(request), bound);
        const found = await read({ key, bound }, options.signal);
        if (found === 'later version') return inner.getToken(request, options);
        if (found !== undefined && isGood(found, options)) return found;
        const asking = ask({ key, bound, request, options, found, began: instant(clock) });
        if (found === undefined || !isUsable(found, options, clock)) return asking;
        try {
          return await renewOrFallBack(asking, found, clock);
        } catch (error) {
          if (options.signal?.aborted !== true && isUsable(found, options, clock)) return found;
          throw error;
        }
      },
    };
  };
}

const unbound: SenderConstraint = {};

// Field by field: a spread takes longer than all else that is done here.
function restore(fields: AccessTokenFields, { certificateThumbprint, keyPair }: SenderConstraint): AccessToken {
  const { value, type = 'Bearer', scope, issuedAt, issuedAtMonotonic, expiresAt } = fields;
  const held = type === 'DPoP' ? keyPair : undefined;
  return new AccessToken({
    value,
    type,
    scope,
    issuedAt,
    issuedAtMonotonic,
    expiresAt,
    certificateThumbprint,
    keyPair: held,
  });
}
