/**
 * Runs `work` as soon as a slot is free. Calls get slots in their order.
 * @throws the reason of `signal` if it is aborted before `work` starts
 */
export type Semaphore = <T>(signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T>;

/** A semaphore that lets `max` calls run at the same time. */
export function semaphore(max: number): Semaphore {
  let running = 0;
  const waiting = new Set<() => void>();

  function waitForSlot(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        waiting.delete(start);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.add(start);
    });
  }

  return async (signal, work) => {
    signal?.throwIfAborted();
    // A finished call hands its slot to the next waiting call; `running` does not change.
    if (running >= max) await waitForSlot(signal);
    else running += 1;
    try {
      return await work();
    } finally {
      const [next] = waiting;
      if (next === undefined) running -= 1;
      else {
        waiting.delete(next);
        next();
      }
    }
  };
}
