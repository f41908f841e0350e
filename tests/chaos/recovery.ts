import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AxiosInstance } from 'axios';
import { GrantRejectedError, TokenError } from 'm2m-tokens';

import type { Calls } from './calls.js';
import type { Violate } from './findings.js';

/**
 * Calls until a call succeeds, and returns how long that took. An error may tell to wait. What was under way when the
 * troubles ended has failed after 2 s; an error that is new later on is one too many, and so is waiting in vain.
 */
export async function recover(calls: Calls, api: AxiosInstance, violate: Violate): Promise<number> {
  const began = performance.now();
  let until = began + 4_000;
  for (;;) {
    const { isSuccess, error } = await calls.make(api);
    const now = performance.now();
    if (isSuccess) return now - began;
    // The metadata may have been discovered again just before the endpoint moved; that is done once a minute at most.
    if (error instanceof GrantRejectedError && error.status === 404) until = Math.max(until, began + 62_000);
    if (now > until) {
      violate('no call succeeds after all troubles are over', `for ${Math.round(now - began)} ms: ${String(error)}`);
      return now - began;
    }
    if (error instanceof TokenError && now - began < 2_000) {
      until = Math.max(until, now + (error.retryAfterMs ?? 0) + 2_000);
    }
    await sleep(50);
  }
}
