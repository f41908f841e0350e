/**
 * Settles like `shared`, or rejects if `signal` is aborted first. `shared` itself continues for other callers.
 * @throws the reason of `signal`
 */
export async function abortable<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return shared;

  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
  });
  try {
    // The race also handles a later rejection of `shared`.
    return await Promise.race([shared, aborted]);
  } catch (error) {
    // `shared` may observe the same signal and reject with an error of its own.
    signal.throwIfAborted();
    throw error;
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

/** A deadline of this library has passed. The class distinguishes it from the `TimeoutError` of a caller's signal. */
export class DeadlineError extends DOMException {
  constructor(ms: number) {
    super(`no response within ${ms} ms`, 'TimeoutError');
  }
}

/**
 * Runs `work` with a signal that is aborted with a {@link DeadlineError} after `ms` milliseconds, or with the reason of
 * `signal` when that is aborted. Work that ignores its signal must be wrapped in {@link abortable}.
 *
 * The deadline consists of ten consecutive timers, so that a blocked event loop uses up at most a tenth of it. With a
 * single timer, Node.js would run the overdue timer before it reads a response that has arrived. The signal is also
 * aborted if the work fails: this ends a request whose response is not accepted.
 * @throws the reason of `signal`
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const deadline = new AbortController();
  // `AbortSignal.any` leaks memory on Node.js 20: a long-lived signal keeps a reference for each call.
  const follow = (): void => deadline.abort(signal?.reason);
  signal?.addEventListener('abort', follow);

  let tenths = 0;
  const tick = (): void => {
    tenths += 1;
    if (tenths === 10) deadline.abort(new DeadlineError(ms));
    else timer = setTimeout(tick, ms / 10);
  };
  let timer = setTimeout(tick, ms / 10);
  try {
    return await work(deadline.signal);
  } catch (error) {
    deadline.abort(error);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', follow);
  }
}
