import { performance } from 'node:perf_hooks';

import { AxiosError, type InternalAxiosRequestConfig } from 'axios';

/** The end of one axios request by its `timeout`, which also counts the wait for a token, by its `signal` or its `cancelToken`. */
export interface Deadline {
  /** Ends the wait for a token. */
  readonly signal: AbortSignal;
  /** What is left of `timeout`, in milliseconds. */
  remainingMs(): number;
  /** Removes the timer and the listeners. */
  clear(): void;
}

/** Starts the time of a request. */
export function startDeadline(config: InternalAxiosRequestConfig): Deadline {
  const { cancelToken } = config;
  // axios takes a text as well, which comes from an environment variable.
  const timeout = Number.parseInt(String(config.timeout ?? 0), 10);
  const signal = config.signal instanceof AbortSignal ? config.signal : undefined;
  const isLimited = timeout > 0 && timeout <= maxTimerMs;
  const endsAt = performance.now() + timeout;
  const controller = new AbortController();
  const end = (reason: unknown): void => controller.abort(reason);
  const onAbort = (): void => end(signal?.reason);
  const timer = isLimited ? setTimeout(() => end(timeoutError(config)), timeout) : undefined;
  cancelToken?.subscribe(end);
  signal?.addEventListener('abort', onAbort);

  return {
    signal: controller.signal,
    remainingMs: () => (isLimited ? Math.max(1, Math.ceil(endsAt - performance.now())) : timeout),
    clear() {
      clearTimeout(timer);
      cancelToken?.unsubscribe(end);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

const maxTimerMs = 2 ** 31 - 1;

// As axios makes it.
function timeoutError(config: InternalAxiosRequestConfig): AxiosError {
  const { timeout, timeoutErrorMessage, transitional } = config;
  const code = transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED;
  return new AxiosError(timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded`, code, config);
}
