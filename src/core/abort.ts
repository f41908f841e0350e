/**
 * Returns the outcome of `shared`, unless `signal` is aborted first. `shared` goes on for other callers in either case.
 * @throws the reason of `signal`
 */
export async function abortable<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return shared;

  let giveUp: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
  });
  try {
    // The race also handles a later rejection of `shared`.
    return await Promise.race([shared, aborted]);
  } catch (error) {
    // `shared` may observe the same signal and reject with an error of its own.
    signal.throwIfAborted();
    throw error;
  } finally {
    if (giveUp) signal.removeEventListener('abort', giveUp);
  }
}

/** A deadline of this library has passed. The class tells it from the `TimeoutError` of a caller's own signal. */
export class DeadlineError extends DOMException {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`, 'TimeoutError');
  }
}

/**
 * Runs `work` with a signal that is aborted with a {@link DeadlineError} after `ms` milliseconds, or with the reason of
 * `signal` when that is aborted. Work that ignores its signal goes in {@link abortable}.
 *
 * The time is counted in tenths, one timer after the other. A blocked event loop costs at most one of them: Node.js runs
 * an overdue timer before it reads a response that has arrived. The signal is also aborted when the work fails: if a response
 * is not accepted, its request ends.
 * @throws the reason of `signal`
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const deadline = new AbortController();
  // Not `AbortSignal.any`: Node.js 20 remembers each call on a signal that lives long.
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
