import { DeadlineError, withDeadline } from '../core/abort.js';
import { type Clock, elapsedMs, instant, systemClock } from '../core/clock.js';
import { causesOf, TokenError } from '../core/errors.js';
import type { Layer } from '../core/token-source.js';
import { backoffMs } from './backoff.js';

/** How a grant is tried again. */
export interface RetryOptions {
  /**
   * Number of attempts after the first one.
   * @default 2
   */
  readonly retries?: number | undefined;
  /**
   * For all attempts and the waits between them, in milliseconds.
   * @default 15000
   */
  readonly deadlineMs?: number | undefined;
}

/** Options of {@link withRetry}. */
export interface RetryLayerOptions extends RetryOptions {
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** The longest `Retry-After` that somebody is made to wait for; after a longer one the error comes at once and tells it. */
const patienceMs = 5_000;

/**
 * Asks again after an error that may pass: twice, after a wait with full jitter (200 ms, doubling) or what the authorization
 * server asks for, all within one deadline. Each call that fails for such a reason all the same leaves the next one a retry
 * less, until one succeeds. The inner source gets a signal that is aborted at the deadline.
 */
export function withRetry({
  retries = 2,
  deadlineMs = 15_000,
  clock = systemClock,
  random = Math.random,
}: RetryLayerOptions = {}): Layer {
  return (inner) => {
    // Retries bridge a blip. In an outage they would triple the load, and make a fleet that waits come back in a rush.
    let failedCalls = 0;

    return {
      getToken: (request, options = {}) =>
        withDeadline(deadlineMs, options.signal, async (signal) => {
          const began = instant(clock);
          const attempts = 1 + retries - failedCalls;
          for (let attempt = 1; ; attempt += 1) {
            try {
              const token = await inner.getToken(request, { ...options, signal });
              failedCalls = 0;
              return token;
            } catch (error) {
              const waitMs = waitBefore(attempt, error);
              const isTooLate = elapsedMs(began, clock) + waitMs >= deadlineMs;
              const isLast = attempt >= attempts || waitMs > patienceMs || isTooLate || signal.aborted;
              if (!isLast && (await sleeps(waitMs, signal))) continue;
              if (isRetryable(error)) failedCalls = Math.min(retries, failedCalls + 1);
              throw error;
            }
          }
        }),
    };
  };

  function waitBefore(attempt: number, error: unknown): number {
    if (!isRetryable(error)) return Infinity;
    if (error.retryAfterMs !== undefined) return error.retryAfterMs;
    // A connection that the server closed while it was idle says nothing about the server.
    if (attempt === 1 && isConnectionLost(error)) return 0;
    return backoffMs(attempt, { baseMs: 200, capMs: patienceMs, random });
  }

  // Whether there was time for it. What failed says more than that a deadline from above has passed; a caller knows why it left.
  async function sleeps(ms: number, signal: AbortSignal): Promise<boolean> {
    try {
      await clock.sleep(ms, signal);
      return true;
    } catch (reason) {
      if (signal.reason instanceof DeadlineError) return false;
      throw reason;
    }
  }
}

const isRetryable = (error: unknown): error is TokenError => error instanceof TokenError && error.retryable;

const lost = new Set<unknown>(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

const isConnectionLost = (error: unknown): boolean => causesOf(error).some(({ code }) => lost.has(code));
