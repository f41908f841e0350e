import { performance } from 'node:perf_hooks';

import { AxiosError, type InternalAxiosRequestConfig } from 'axios';

/** The deadline of one axios request: `timeout`, which includes the wait for a token, `signal` or `cancelToken`. */
export interface Deadline {
  /** Ends the wait for a token. */
  readonly signal: AbortSignal;
  /** The remaining part of `timeout`, in milliseconds. */
  remainingMs(): number;
  /** Removes the timer and the listeners. */
  clear(): void;
}

/** Starts the deadline of a request. */
export function startDeadline(config: InternalAxiosRequestConfig): Deadline {
  const { cancelToken } = config;
  // axios also accepts a string, for example from an environment variable.
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

// The same error as in axios.
function timeoutError(config: InternalAxiosRequestConfig): AxiosError {
  const { timeout, timeoutErrorMessage, transitional } = config;
  const code = transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED;
  return new AxiosError(timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded`, code, config);
}
