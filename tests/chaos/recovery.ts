import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AxiosInstance } from 'axios';
import { GrantRejectedError, TokenError } from 'm2m-tokens';

import type { Calls } from './calls.js';
import type { Violate } from './findings.js';

/** An attempt takes up to 1 s, and the identity token before it up to 2 s. */
const graceMs = 5_000;

/**
 * Calls until a call succeeds, and returns the time that this took. An error of the first 5 s may come from a grant
 * that began before the faults ended and waited for a late identity token, so its `retryAfterMs` extends the deadline. An error after the deadline breaks a
 * rule.
 */
export async function recover(calls: Calls, api: AxiosInstance, violate: Violate): Promise<number> {
  const began = performance.now();
  let until = began + graceMs + 2_000;
  for (;;) {
    const { isSuccess, error } = await calls.make(api);
    const now = performance.now();
    if (isSuccess) return now - began;
    // The library reads the metadata again at most once a minute: perhaps it did so just before the endpoint moved. The
    // grant after that minute may have to wait for the pause that follows the last 404.
    if (error instanceof GrantRejectedError && error.status === 404) {
      until = Math.max(until, began + 62_000 + (error.retryAfterMs ?? 0));
    }
    if (now > until) {
      violate('no call succeeds after all troubles are over', `for ${Math.round(now - began)} ms: ${String(error)}`);
      return now - began;
    }
    if (error instanceof TokenError && now - began < graceMs) {
      until = Math.max(until, now + (error.retryAfterMs ?? 0) + 2_000);
    }
    await sleep(50);
  }
}
