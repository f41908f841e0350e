import { performance } from 'node:perf_hooks';

import type { Violate } from './findings.js';
import type { Stalls } from './stalls.js';

/**
 * Checks the minimum times between requests to the authorization server. Unlike a limit on the total, they also reveal
 * a burst of one second in a run of an hour.
 *
 * The client requests one kind of token, and its `random` is at least 0.5. So the minimum waits below are half of the
 * longest ones. The rules:
 *
 * 1. Two renewals are at least 20 % of the lifetime apart; the first one may be earlier. Of three tokens in a row, the
 *    third is requested at least that long after the second was received, unless the first had expired when the second
 *    was requested.
 * 2. Callers share a flight, so one request is open. Two are allowed, because an aborted request may still be open.
 * 3. A flight has three attempts. The wait is 0 after a closed connection, otherwise at least 100 ms after the first
 *    attempt and 200 ms after the second, and at least 500 ms after a failed flight. Four failed attempts in a row
 *    belong to at least two flights, so they take at least 700 ms. When the token expires, one flight may begin at
 *    once. An attempt sends one request. After a 404 it sends a second one to the new endpoint, and only that one
 *    counts. An attempt without metadata also counts.
 * 4. No request is sent during a Retry-After, or for 5 s after a 429 without one.
 * 5. An error response (here the 404 of an endpoint that metadata does not replace) is cached for 5 s · (0.5 + random).
 *    After the expiry of each token, one flight is exempt. Known metadata is requested again only after a 404, or if
 *    that request failed.
 */
export interface RequestSpacing {
  readonly asked: number;
  readonly discoveries: number;
  /** Records a request to the token endpoint. */
  ask(path: string): Asked;
  /**
   * Records a request for metadata: at the first or the second of its two paths, and whether the server sent metadata.
   */
  discover(isFirstPath: boolean, isGiven: boolean): void;
  /** Records that the client has received the token of its last request. */
  received(lifetimeMs: number): void;
  /** Records that the client has received a 429. */
  limited(): void;
  /** Records that the client has received a 404 from the token endpoint. */
  refused(): void;
}

/** One request to the token endpoint. */
export interface Asked {
  /** Records that the response is a 404. */
  moved(): void;
  /** Records that the response is a 429 with this Retry-After. */
  limit(retryAfterMs: number | undefined): void;
  closed(): void;
}

interface Received {
  readonly askedAt: number;
  readonly receivedAt: number;
  readonly lifetimeMs: number;
}

/** Options of {@link requestSpacing}. */
export interface RequestSpacingOptions {
  readonly violate: Violate;
  readonly stalls: Pick<Stalls, 'recentMs'>;
  /** Whether outages last so long for the client that it reads the metadata again. @default false */
  readonly hasLongOutages?: boolean;
  readonly now?: () => number;
}

/** Creates an empty record of requests. */
export function requestSpacing({
  violate,
  stalls,
  hasLongOutages = false,
  now = () => performance.now(),
}: RequestSpacingOptions): RequestSpacing {
  // In a busy process, requests are recorded late.
  const slackMs = (): number => 100 + stalls.recentMs();
  const failed: { readonly at: number; readonly isDiscovery: boolean }[] = [];
  const tokens: Received[] = [];
  const refusedAt = new Map<string, number>();
  const closed = { from: -Infinity, forMs: 0 };
  let [asked, open, discoveries, rediscoveries, rediscoveriesFailed, moves] = [0, 0, 0, 0, 0, 0];
  let isDiscovered = false;
  // For each rule: the last token whose expiry exempted a flight, and the time at which this flight began.
  const excused = new Map<string, { readonly token: Received; readonly from: number }>();
  let last = { path: '', at: -Infinity, limitMs: 0 };

  function attempt(isDiscovery: boolean): void {
    const at = now();
    failed.push({ at, isDiscovery });
    if (failed.length > 4) failed.shift();
    const [first] = failed;
    const isTooFast = failed.length === 4 && first !== undefined && at - first.at < 700 - slackMs();
    if (isTooFast && !isFirstAfterExpiry(at, 'backoff')) {
      violate('failed requests follow each other too fast', `four within ${Math.round(at - first.at)} ms`);
    }
  }

  function isFirstAfterExpiry(at: number, rule: string): boolean {
    const token = tokens.at(-1);
    const before = excused.get(rule);
    if (token === undefined || at < token.askedAt + token.lifetimeMs - slackMs()) return false;
    // The exempt flight has three attempts.
    if (token === before?.token) return at - before.from < 700;
    excused.set(rule, { token, from: at });
    return true;
  }

  function checkLeastTime(): void {
    const [first, second, third] = tokens.slice(-3);
    if (first === undefined || second === undefined || third === undefined) return;
    const hadExpired = second.askedAt - first.askedAt > first.lifetimeMs - slackMs();
    const leastMs = Math.min(5_000, 0.2 * second.lifetimeMs);
    const gapMs = third.askedAt - second.receivedAt;
    if (!hadExpired && gapMs < leastMs - slackMs()) {
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
      // Set here and not in `discover`, because the response with the metadata may not have reached the client.
      isDiscovered = true;
      asked += 1;
      open += 1;
      if (open > 2) violate('several token requests at a time', `${open} are open`);
      if (at - closed.from < closed.forMs - slackMs()) {
        violate(
          'a token request was sent during a rate limit',
          `${Math.round(at - closed.from)} ms after a 429 with a wait of ${closed.forMs} ms`,
        );
      }
      if (at - (refusedAt.get(path) ?? -Infinity) < 5_000 - slackMs() && !isFirstAfterExpiry(at, 'refusal')) {
        violate('a token request was sent soon after an error response', path);
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
        if (rediscoveries > most && !hasLongOutages)
          violate('metadata is requested without need', `${rediscoveries} times, not ${most}`);
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
