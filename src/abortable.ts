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
