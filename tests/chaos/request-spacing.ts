import { performance } from 'node:perf_hooks';

import type { Violate } from './findings.js';

/**
 * The bound on requests to the authorization server, as least times between them. They hold for every stretch of a run, so
 * that an excess of a second shows in an hour too; a bound on the total would have to be many times what is usual.
 *
 * The client asks for one kind of token, and its `random` is never less than 0.5: the least waits below are half of the
 * longest ones. In the order of BEHAVIOUR.md:
 *
 * 1. Least time between renewals, 20 % of these short lifetimes, the first is free. So of three tokens in a row the third is
 *    asked for at least that long after the second was received, unless the first had expired when the second was asked for.
 * 2. Nobody asks while a flight is on: one open request. Two, since one that was given up may not be closed yet.
 * 3. A flight has three attempts: the waits after the first are 0 (a lost connection is tried again at once) or 100 ms and
 *    more, after the second 200 ms and more, and after a failed flight 500 ms and more. Of four failed attempts in a row
 *    two belong to different flights, so that from the first to the fourth it takes 700 ms and more, unless the token expires
 *    meanwhile: then one flight begins at once. An attempt makes one request, but for one that is answered 404: this is not
 *    counted, and what the same attempt sends to the new endpoint is. Metadata that cannot be had fail an attempt in the same way.
 * 4. A Retry-After is obeyed; a 429 without one keeps everybody away for 5 s.
 * 5. A final refusal, here the 404 of an endpoint whose new place cannot be found, is repeated for 5 s · (0.5 + random), but
 *    for one flight after the expiry of each token.
 *    Metadata that are known are discovered again after a 404 only, or when that discovery failed.
 */
export interface RequestSpacing {
  readonly asked: number;
  readonly discoveries: number;
  /** The token endpoint is asked. */
  ask(path: string): Asked;
  /** Metadata are asked for, under the first of the two paths or the second, and given or not. */
  discover(isFirstPath: boolean, isGiven: boolean): void;
  /** The client has got the token that it asked for last. */
  received(lifetimeMs: number): void;
  /** The client has got a 429. */
  limited(): void;
  /** The client has got a 404 from the token endpoint. */
  refused(): void;
}

/** One request to the token endpoint. */
export interface Asked {
  /** It is answered with a 404. */
  moved(): void;
  /** It is answered with a 429 and this Retry-After. */
  limit(retryAfterMs: number | undefined): void;
  closed(): void;
}

interface Received {
  readonly askedAt: number;
  readonly receivedAt: number;
  readonly lifetimeMs: number;
}

// Requests take a while to be seen when the process is busy.
const slackMs = 100;

/** No requests so far. */
export function requestSpacing(violate: Violate, now: () => number = () => performance.now()): RequestSpacing {
  const failed: { readonly at: number; readonly isDiscovery: boolean }[] = [];
  const tokens: Received[] = [];
  const refusedAt = new Map<string, number>();
  const closed = { from: -Infinity, forMs: 0 };
  let [asked, open, discoveries, rediscoveries, rediscoveriesFailed, moves] = [0, 0, 0, 0, 0, 0];
  let isDiscovered = false;
  // By rule, the last token whose expiry was the reason for a flight, and when that began.
  const excused = new Map<string, { readonly token: Received; readonly from: number }>();
  let last = { path: '', at: -Infinity, limitMs: 0 };

  function attempt(isDiscovery: boolean): void {
    const at = now();
    failed.push({ at, isDiscovery });
    if (failed.length > 4) failed.shift();
    const [first] = failed;
    const isTooFast = failed.length === 4 && first !== undefined && at - first.at < 700 - slackMs;
    if (isTooFast && !isFirstAfterExpiry(at, 'backoff')) {
      violate('failed requests follow each other too fast', `four within ${Math.round(at - first.at)} ms`);
    }
  }

  function isFirstAfterExpiry(at: number, rule: string): boolean {
    const token = tokens.at(-1);
    const before = excused.get(rule);
    if (token === undefined || at < token.askedAt + token.lifetimeMs - slackMs) return false;
    // The flight has three attempts.
    if (token === before?.token) return at - before.from < 700;
    excused.set(rule, { token, from: at });
    return true;
  }

  function checkLeastTime(): void {
    const [first, second, third] = tokens.slice(-3);
    if (first === undefined || second === undefined || third === undefined) return;
    const hadExpired = second.askedAt - first.askedAt > first.lifetimeMs - slackMs;
    const leastMs = Math.min(5_000, 0.2 * second.lifetimeMs);
    const gapMs = third.askedAt - second.receivedAt;
    if (!hadExpired && gapMs < leastMs - slackMs) {
      violate('tokens are renewed too often', `after ${Math.round(gapMs)} ms instead of ${leastMs}`);
    }
  }

  return {
    get asked() {
      return asked;
    },
    get discoveries() {
      return discoveries;
    },
    ask(path) {
      const at = now();
      const request = { path, at, limitMs: 0 };
      last = request;
      // Only now: metadata that were given may have got lost.
      isDiscovered = true;
      asked += 1;
      open += 1;
      if (open > 2) violate('several requests for one token at a time', `${open} are open`);
      if (at - closed.from < closed.forMs - slackMs) {
        violate('asked although told to wait', `${Math.round(at - closed.from)} ms after a 429 for ${closed.forMs} ms`);
      }
      if (at - (refusedAt.get(path) ?? -Infinity) < 5_000 - slackMs && !isFirstAfterExpiry(at, 'refusal')) {
        violate('asked again soon after a final refusal', path);
      }
      attempt(false);

      return {
        moved() {
          moves += 1;
          failed.pop();
        },
        limit(retryAfterMs = 5_000) {
          request.limitMs = retryAfterMs;
        },
        closed() {
          open -= 1;
        },
      };
    },
    discover(isFirstPath, isGiven) {
      discoveries += 1;
      if (isFirstPath && isDiscovered) {
        rediscoveries += 1;
        const most = moves + rediscoveriesFailed;
        if (rediscoveries > most)
          violate('metadata are discovered without need', `${rediscoveries} times, not ${most}`);
        if (!isGiven) rediscoveriesFailed += 1;
      }
      if (isFirstPath && !isGiven && !isDiscovered) attempt(true);
      if (!isFirstPath && isGiven && failed.at(-1)?.isDiscovery === true) failed.pop();
    },
    received(lifetimeMs) {
      failed.length = 0;
      tokens.push({ askedAt: last.at, receivedAt: now(), lifetimeMs });
      if (tokens.length > 3) tokens.shift();
      checkLeastTime();
    },
    limited() {
      closed.from = now();
      closed.forMs = last.limitMs;
    },
    refused() {
      refusedAt.set(last.path, now());
    },
  };
}
