/**
 * The outcome of `shared`, or the reason of `signal` when that is aborted first. `shared` itself goes on for others.
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
    // The race also takes the failure of a shared call that nobody waits for any more.
    return await Promise.race([shared, aborted]);
  } finally {
    if (giveUp) signal.removeEventListener('abort', giveUp);
  }
}

/** A deadline of this library has passed: a `TimeoutError` that is not the one of a caller who gives up by a timer. */
export class DeadlineError extends DOMException {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`, 'TimeoutError');
  }
}

/**
 * Runs `work` with a signal that is aborted with a {@link DeadlineError} after `ms` milliseconds, or when `signal` is. The
 * timer is one of our own: nothing keeps `AbortSignal.timeout` from being collected while `AbortSignal.any` alone refers to it.
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new DeadlineError(ms)), ms);
  try {
    return await work(signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]));
  } finally {
    clearTimeout(timer);
  }
}
