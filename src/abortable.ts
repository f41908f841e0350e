/**
 * The outcome of `shared`, or the reason of `signal` when that is aborted first. `shared` itself goes on for others.
 * @throws the reason of `signal`
 */
export function abortable<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return shared;

  return new Promise<T>((resolve, reject) => {
    const giveUp = () => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    const done = () => signal.removeEventListener('abort', giveUp);
    shared.then(
      (value) => (done(), resolve(value)),
      (error: Error) => (done(), reject(error)),
    );
  });
}
