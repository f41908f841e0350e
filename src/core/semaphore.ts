/**
 * Runs work once it is its turn. The turns are in the order of the calls.
 * @throws the reason of `signal` if that is aborted before
 */
export type Semaphore = <T>(signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T>;

/** A semaphore that lets `max` calls run at the same time. */
export function semaphore(max: number): Semaphore {
  let running = 0;
  const waiting = new Set<() => void>();

  function turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.delete(start);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      waiting.add(start);
    });
  }

  return async (signal, work) => {
    signal?.throwIfAborted();
    // A finished call passes its turn on, so that `running` stays the same.
    if (running >= max) await turn(signal);
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
