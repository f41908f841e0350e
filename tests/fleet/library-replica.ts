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

/** The parts of the token source of a replica. */
export interface Parts {
  /** Requests a token from the simulated authorization server. */
  readonly grant: () => Promise<AccessToken>;
  readonly maxBackoffMs?: number | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onEvent: EventSink;
}

export interface LibraryReplicaOptions {
  /** Whether to make all calls, or only those that may cause a token request. @default false */
  readonly everyCall?: boolean;
  /** @default that of the library */
  readonly maxBackoffMs?: number;
  readonly makeSource?: (parts: Parts) => TokenSource;
}

// Bypasses the fast path, which delays a renewal by up to a second, depending on calls that are skipped here.
const fullWay = { minValidityMs: 0 };

/** A replica that uses the layers of this library, in virtual time. */
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
    /** No call before this time can cause a token request. */
    let quietUntilMs = 0;
    /** The expiry of the token that the last call caused to be granted; 0 if it caused no grant. */
    let expiresAt = 0;
    /** The expiry of the cached token. */
    let validUntilMs = 0;

    const clock: Clock = {
      now: () => nowMs,
      monotonic: () => nowMs,
      // No other work of this replica runs during a sleep.
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
      // Waits for a background renewal, which takes only turns of the promise queue.
      await setImmediate();
      // The cache drew the last random number, for the token that it has just stored.
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
