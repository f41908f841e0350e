import { LRUCache } from 'lru-cache';

import { abortable } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { type Clock, elapsedMs, type Instant, instant, systemClock } from '../core/clock.js';
import { TokenError } from '../core/errors.js';
import { eventSink, type EventSink } from '../core/events.js';
import { CanonicalTokenRequest, requestKey, type TokenRequest } from '../core/token-request.js';
import { type GetTokenOptions, isUsable, type Layer } from '../core/token-source.js';
import { outageBackoffMs } from './backoff.js';
import { renewOrFallBack } from './renew-or-fall-back.js';
import { type RefreshOptions, renewalSchedule, type RenewalSchedule } from './renewal-schedule.js';
import { withSingleFlight } from './single-flight.js';

/** Options of {@link withCache}. */
export interface CacheOptions {
  /**
   * Number of tokens that are kept; the least recently used ones are dropped first.
   * @default 1000
   */
  readonly maxTokens?: number | undefined;
  /** When tokens are renewed. */
  readonly refresh?: RefreshOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  readonly onEvent?: EventSink | undefined;
  /** Told of each change of what the tokens are bound to; none that is bound to anything else is kept (RFC 8705 §3). */
  readonly onBinding?: ((binding: string | undefined) => void) | undefined;
  /** Is given, for whoever revokes tokens, a function that returns all that are kept; these are handed out no more. */
  readonly exposeTakeBack?: ((takeBack: () => readonly AccessToken[]) => void) | undefined;
}

/** A kept token and what is known of its renewal. */
interface Entry extends RenewalSchedule {
  readonly token: AccessToken;
  /** The token as a promise, so that handing it out makes none. */
  readonly answer: Promise<AccessToken>;
  /** Whether the token was taken back, and is worth no more than an expired one. */
  isTakenBack: boolean;
  /** Wall-clock times between which the token needs no closer look. */
  quietFrom: number;
  quietUntil: number;
  /** The renewal under way; resolves to the new token, or to this one when it fails. */
  renewal: Promise<AccessToken> | undefined;
  /** No other renewal is begun until this long after that. */
  holdFrom: Instant | undefined;
  holdMs: number;
  /** Renewals that failed in a row, and what the last one failed with. */
  failures: number;
  failure: unknown;
}

/**
 * Keeps tokens in memory until they expire and renews them early, on use: in the background when they are due, with the
 * caller waiting when they are about to expire, are rejected, or are too short for the caller. While a kept token is
 * valid no failed renewal reaches a caller: the token is the answer.
 */
export function withCache({
  maxTokens = 1000,
  refresh,
  clock = systemClock,
  random = Math.random,
  onEvent,
  onBinding,
  exposeTakeBack,
}: CacheOptions = {}): Layer {
  const emit = eventSink(onEvent);
  const quietMs = clock === systemClock ? 1_000 : 0;

  return (inner) => {
    const entries = new LRUCache<string, Entry>({
      max: maxTokens,
      dispose: ({ token }, _key, reason) => {
        if (reason === 'evict') emit({ type: 'token.evicted', scope: token.scope });
      },
    });

    // What was handed out last, to whom the same is handed out most often. Only requests that cannot change are remembered.
    let latest: Entry | undefined;
    let latestRequest: TokenRequest | undefined;
    let binding: string | undefined;

    async function answer(request: TokenRequest | undefined, options: GetTokenOptions): Promise<AccessToken> {
      options.signal?.throwIfAborted();
      const key = requestKey(request);
      const entry = entries.get(key);
      if (entry === undefined || isExpired(entry)) return asking.getToken(request, options);

      // Once a renewal has failed, waiting for the next one would only make callers feel the outage.
      const marginMs = entry.failures > 0 ? 0 : entry.mandatoryMs;
      const minValidityMs = Math.max(options.minValidityMs ?? 0, marginMs);
      if (isUsable(entry.token, { ...options, minValidityMs }, clock)) {
        if (entry.token.remainingMs(clock) > entry.advisoryMs) lookAway(entry, request);
        else void renew(entry, key, request);
        return entry.token;
      }
      const renewal = abortable(renew(entry, key, request, options.minValidityMs), options.signal);
      const token = await (isUsable(entry.token, options, clock)
        ? renewOrFallBack(renewal, entry.token, clock)
        : renewal);
      if (token !== entry.token || !isExpired(entry)) return token;
      // The renewal failed and took longer than the token lived; or it goes on, and the token was taken back meanwhile.
      if (entry.renewal === undefined && entry.failure !== undefined) throw entry.failure;
      return asking.getToken(request, options);
    }

    // A flight that ends only when its token is kept: whoever came in between would find neither.
    const asking = withSingleFlight()({
      async getToken(request, options) {
        const key = requestKey(request);
        const kept = entries.get(key);
        const replacing = options?.replacing ?? (kept?.isTakenBack ? kept.token : undefined);
        const token = await inner.getToken(request, { ...options, replacing });
        keep(key, token);
        return token;
      },
    });

    // Never rejects: the kept token remains the answer.
    function renew(
      entry: Entry,
      key: string,
      request: TokenRequest | undefined,
      minValidityMs?: number,
    ): Promise<AccessToken> {
      if (entry.renewal !== undefined) return entry.renewal;
      if (entry.holdFrom !== undefined && elapsedMs(entry.holdFrom, clock) < entry.holdMs) return entry.answer;

      const renewal = async () => inner.getToken(request, { replacing: entry.token, minValidityMs });
      entry.renewal = renewal()
        .then((token) => {
          const kept = keep(key, token);
          const { minIntervalMs: leastMs } = kept ?? entry;
          hold(kept ?? entry, leastMs);
          // What expired on its way is worth less than what is kept.
          return kept === undefined && !isExpired(entry) ? entry.token : token;
        })
        .catch((error: unknown) => {
          fail(entry, error);
          return entry.token;
        });
      return entry.renewal;
    }

    function keep(key: string, token: AccessToken): Entry | undefined {
      if (token.remainingMs(clock) <= 0) return undefined;
      if (token.certificateThumbprint !== binding) rebind(token);
      const kept = entries.get(key);
      // All who shared one flight come here; the jitter is drawn once.
      if (kept?.token === token) return kept;

      const entry: Entry = {
        ...renewalSchedule(token.expiresAt - token.issuedAt, random, refresh),
        token,
        answer: Promise.resolve(token),
        isTakenBack: false,
        quietFrom: 0,
        quietUntil: 0,
        renewal: undefined,
        holdFrom: undefined,
        holdMs: 0,
        failures: 0,
        failure: undefined,
      };
      entries.set(key, entry);
      latest = undefined;
      return entry;
    }

    // In one go: what is handed out and what is presented with it always fit.
    function rebind(token: AccessToken): void {
      binding = token.certificateThumbprint;
      entries.clear();
      onBinding?.(binding);
    }

    function fail(entry: Entry, error: unknown): void {
      entry.failure = error;
      entry.failures += 1;
      const askedForMs = error instanceof TokenError ? error.retryAfterMs : undefined;
      hold(entry, askedForMs ?? outageBackoffMs(entry.failures, random));
      emit({
        type: 'renewal.failed',
        scope: entry.token.scope,
        error,
        retryInMs: entry.holdMs,
        remainingMs: entry.token.remainingMs(clock),
      });
    }

    function hold(entry: Entry, holdMs: number): void {
      entry.renewal = undefined;
      entry.holdFrom = instant(clock);
      entry.holdMs = holdMs;
    }

    // Both clocks of this machine are looked at once a second; in between the wall clock alone, since a look at a clock is half of
    // what handing out costs. Known limit: set back into that very second after an idle time, it lets an expired token out
    // for the rest of the second. Another clock, of a test say, may do what it likes and is looked at each time.
    function lookAway(entry: Entry, request: TokenRequest | undefined): void {
      if (request === undefined || request instanceof CanonicalTokenRequest) {
        latest = entry;
        latestRequest = request;
      }
      entry.quietFrom = clock.now();
      entry.quietUntil =
        entry.quietFrom + Math.min(quietMs, entry.advisoryMs, entry.token.remainingMs(clock) - entry.advisoryMs);
    }

    const lookUp = (request: TokenRequest | undefined): Entry | undefined =>
      request instanceof CanonicalTokenRequest ? entries.get(request.key) : undefined;

    const isQuiet = ({ quietFrom, quietUntil }: Entry): boolean => {
      const now = clock.now();
      return now >= quietFrom && now < quietUntil;
    };

    const isExpired = ({ isTakenBack, token }: Entry): boolean => isTakenBack || token.remainingMs(clock) <= 0;

    exposeTakeBack?.(() => {
      const kept = [...entries.values()].filter((entry) => !isExpired(entry));
      for (const entry of kept) Object.assign(entry, { isTakenBack: true, quietUntil: 0 });
      return kept.map(({ token }) => token);
    });

    return {
      getToken(request, options) {
        // The hot path: one look at one clock; no key is built, no promise, closure or object is made.
        if (takesAny(options)) {
          const entry = request === latestRequest ? latest : lookUp(request);
          if (entry !== undefined && isQuiet(entry)) return entry.answer;
        }
        return answer(request, options ?? {});
      },
    };
  };
}

/** Whether any kept token will do, so that nothing but the clock needs a look. A signal ends a wait, and there is none. */
function takesAny(options: GetTokenOptions | undefined): boolean {
  if (options === undefined) return true;
  return options.replacing === undefined && options.minValidityMs === undefined && options.signal?.aborted !== true;
}
