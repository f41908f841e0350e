import { setImmediate } from 'node:timers/promises';

import { AccessToken } from '../../src/core/access-token.js';
import type { Clock } from '../../src/core/clock.js';
import { GrantUnavailableError, TokenError } from '../../src/core/errors.js';
import type { EventSink } from '../../src/core/events.js';
import { compose, type TokenSource } from '../../src/core/token-source.js';
import { withCache } from '../../src/layers/cache.js';
import { withDefaultRequest } from '../../src/layers/default-request.js';
import { withFastPath } from '../../src/layers/fast-path.js';
import { withNegativeCache } from '../../src/layers/negative-cache.js';
import { withRateLimit } from '../../src/layers/rate-limit.js';
import { renewalSchedule } from '../../src/layers/renewal-schedule.js';
import { withRetry } from '../../src/layers/retry.js';
import { tokenCache } from '../../src/layers/token-cache.js';
import type { Replica } from './replica.js';
import { exponential } from './seeded-random.js';

/** What the token source of a replica is made of. */
export interface Parts {
  /** Asks the simulated authorization server. */
  readonly grant: () => Promise<AccessToken>;
  readonly maxBackoffMs?: number | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onEvent: EventSink;
}

export interface LibraryReplicaOptions {
  /** Makes the calls that are answered from memory too, not only those that can lead to a request. */
  readonly everyCall?: boolean;
  /** @default that of the library */
  readonly maxBackoffMs?: number;
  readonly makeSource?: (parts: Parts) => TokenSource;
}

// The fast path delays a renewal by up to a second, depending on calls that are not made here.
const fullWay = { minValidityMs: 0 };

/** A replica that asks the layers of this library for its tokens, in virtual time. */
export function libraryReplica({
  everyCall = false,
  maxBackoffMs,
  makeSource = replicaLayers,
}: LibraryReplicaOptions = {}): Replica {
  return async (
    { lifetimeMs, untilMs, callsPerSecond, random, nextCall, latencyMs, isAvailable },
    record,
    callFailed,
  ) => {
    let nowMs = 0;
    /** No call before this time can lead to a request. */
    let quietUntilMs = 0;
    /** Of the token that the last call brought; 0 if it brought none. */
    let expiresAt = 0;
    /** The expiry of the cached token. */
    let validUntilMs = 0;

    const clock: Clock = {
      now: () => nowMs,
      monotonic: () => nowMs,
      // Nothing else happens to this replica meanwhile.
      sleep: async (ms) => {
        await Promise.resolve();
        nowMs += ms;
      },
    };
    const draws = random(2);
    let lastDraw = 0;
    const tokens = makeSource({
      maxBackoffMs,
      clock,
      random: () => (lastDraw = draws()),
      onEvent: (event) => {
        if (event.type === 'renewal.failed') quietUntilMs = Math.min(nowMs + event.retryAfterMs, validUntilMs);
      },
      async grant() {
        const issuedAt = nowMs;
        const latency = latencyMs();
        await clock.sleep(latency / 2);
        const isGranted = isAvailable(nowMs);
        record(nowMs, isGranted);
        await clock.sleep(latency / 2);
        if (!isGranted) throw new GrantUnavailableError('away', { status: 503 });
        expiresAt = issuedAt + lifetimeMs;
        validUntilMs = expiresAt;
        return new AccessToken({ value: `at-${issuedAt}`, issuedAt, issuedAtMonotonic: issuedAt, expiresAt });
      },
    });

    const quietCalls = random(3);
    const quietCallAfter = (ms: number) => ms + exponential(quietCalls, 1_000 / callsPerSecond);

    async function makeQuietCalls(): Promise<void> {
      for (let ms = quietCallAfter(nowMs); ms < quietUntilMs; ms = quietCallAfter(ms)) {
        nowMs = ms;
        await tokens.getToken(undefined, fullWay).catch(asTokenError);
      }
    }

    for (;;) {
      if (everyCall) await makeQuietCalls();
      nowMs = nextCall(Math.max(nowMs, quietUntilMs));
      if (nowMs >= untilMs) return;
      expiresAt = 0;
      await tokens.getToken(undefined, fullWay).catch((error: unknown) => {
        quietUntilMs = nowMs + (asTokenError(error).retryAfterMs ?? 0);
        callFailed();
      });
      // A renewal in the background: it takes no time but that of its promises.
      await setImmediate();
      // What was drawn last, the cache drew for the token that it has just kept.
      if (expiresAt > 0) quietUntilMs = expiresAt - renewalSchedule(lifetimeMs, () => lastDraw).advisoryMs;
    }
  };
}

/** The layers as `createTokenService` stacks them. */
export const replicaLayers = ({ grant, maxBackoffMs, clock, random, onEvent }: Parts): TokenSource => {
  const cache = tokenCache({ maxTokens: 1, clock, random, onEvent });
  return compose(
    { getToken: grant },
    withRateLimit({ clock }),
    withRetry({ clock, random }),
    withNegativeCache({ maxBackoffMs, clock, random }),
    withCache(cache),
    withDefaultRequest(),
    withFastPath(cache),
  );
};

function asTokenError(error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  throw error;
}
