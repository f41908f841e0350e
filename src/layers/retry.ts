import { DeadlineError, withDeadline } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { anyClock, anyFunction, checkOptions, durationMs, wholeNumber } from '../core/check-options.js';
import { type Clock, elapsedMs, type Instant, instant, systemClock } from '../core/clock.js';
import { causesOf } from '../core/error-causes.js';
import { type AnyTokenError, isTokenError } from '../core/errors.js';
import { eventSink } from '../core/event-sink.js';
import type { EventSink } from '../core/events.js';
import { canonicalRequest, type TokenRequest } from '../core/token-request.js';
import type { GetTokenOptions, Layer } from '../core/token-source.js';
import { backoffMs } from './backoff.js';

/** Options of {@link withRetry}. */
export interface RetryLayerOptions {
  /** Number of attempts after the first one. @default 2 */
  readonly retries?: number | undefined;
  /** Time limit for all attempts and the waits between them, in milliseconds. @default 15000 */
  readonly deadlineMs?: number | undefined;
  /** For tests. @default the system clock */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
}

/** The longest wait before a retry. If `Retry-After` is longer, the call fails at once with its `retryAfterMs`. */
const maxWaitMs = 5_000;

/** A busy process notices a deadline at most this much later. */
const toleranceMs = 500;

/**
 * Retries transient failures within one deadline, by default twice.
 *
 * The wait has full jitter (200 ms, doubling), or is as long as the authorization server asks for. Each failed call
 * takes one retry from the next call; a success restores all. At the deadline the signal of the inner source is aborted.
 * @throws {ConfigurationError} if an option is unknown or malformed
 * @example
 * ```ts
 * import { staticToken } from 'm2m-tokens';
 * import { compose, withRetry } from 'm2m-tokens/layers';
 *
 * const tokens = compose(staticToken('a-token'), withRetry({ retries: 1, deadlineMs: 5_000 }));
 * ```
 */
export function withRetry(layerOptions: RetryLayerOptions = {}): Layer {
  const checks = { retries: wholeNumber, deadlineMs: durationMs, clock: anyClock, random: anyFunction };
  checkOptions('withRetry', layerOptions, { ...checks, onEvent: anyFunction });
  const { retries = 2, deadlineMs = 15_000, clock = systemClock, random = Math.random } = layerOptions;
  const emit = eventSink(layerOptions.onEvent);

  return (inner) => {
    // Retries help with short failures. In an outage they would triple the load, and cause a burst at its end.
    let failedCalls = 0;

    const tryAll = (
      request: TokenRequest | undefined,
      options: GetTokenOptions & { readonly attempts: { readonly sent: number } },
      lastAttempt: { began: Instant },
    ): Promise<AccessToken> =>
      withDeadline(deadlineMs, options.signal, async (signal) => {
        const began = instant(clock);
        const attempts = 1 + retries - failedCalls;
        for (let attempt = 1; ; attempt += 1) {
          lastAttempt.began = instant(clock);
          const before = options.attempts.sent;
          try {
            const token = await inner.getToken(request, { ...options, signal });
            failedCalls = 0;
            return token;
          } catch (error) {
            const waitMs = waitBeforeRetry(attempt, error);
            const isTooLate = waitMs > maxWaitMs || elapsedMs(began, clock) + waitMs >= deadlineMs || signal.aborted;
            if (attempt < attempts && !isTooLate) {
              const { scope: requestedScope } = canonicalRequest(request);
              const { sent } = options.attempts;
              const facts = { requestedScope, reason: options.reason, error: error as AnyTokenError };
              const number = sent > before ? sent : undefined;
              emit({ type: 'grant.retry_scheduled', ...facts, attempt: number, retryAfterMs: waitMs });
              if (await waits(waitMs, signal)) continue;
            }
            if (isRetryable(error)) failedCalls = Math.min(retries, failedCalls + 1);
            throw error;
          }
        }
      });

    return {
      async getToken(request, { attempts = { sent: 0 }, ...others } = {}) {
        const options = { ...others, attempts };
        const lastAttempt = { began: instant(clock) };
        try {
          return await tryAll(request, options, lastAttempt);
        } catch (error) {
          // An attempt exceeds the deadline only if the process was suspended. The server may be available: try again.
          const wasSuspended = elapsedMs(lastAttempt.began, clock) > deadlineMs + toleranceMs;
          if (!wasSuspended || !isRetryable(error) || options.signal?.aborted) throw error;
          return tryAll(request, options, lastAttempt);
        }
      },
    };
  };

  function waitBeforeRetry(attempt: number, error: unknown): number {
    if (!isRetryable(error)) return Infinity;
    if (error.retryAfterMs !== undefined) return error.retryAfterMs;
    // The server closed an idle connection and may be available: retry without a wait.
    if (attempt === 1 && isConnectionLost(error)) return 0;
    return backoffMs(attempt, { baseMs: 200, capMs: maxWaitMs, random });
  }

  /** Resolves to `false` at the deadline, so that the call fails with the more specific error of the attempt. */
  async function waits(ms: number, signal: AbortSignal): Promise<boolean> {
    await clock.sleep(ms, signal).catch((reason: unknown) => {
      if (!(signal.reason instanceof DeadlineError)) throw reason;
    });
    return !signal.aborted;
  }
}

const isRetryable = (error: unknown): error is AnyTokenError => isTokenError(error) && error.retryable;

const lostConnection = new Set<unknown>(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

const isConnectionLost = (error: unknown): boolean => causesOf(error).some(({ code }) => lostConnection.has(code));
