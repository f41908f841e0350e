import type { StoreCall } from '../../stores/token-store.js';

/** Runs a call, of a store say, and waits no longer for it than is meant, or than the signal of the caller allows. */
export type Patience = <T>(operate: (call: StoreCall) => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;

const tickMs = 25;

/**
 * Waits for a call 250 ms at most, or as long as is said, then fails with a `TimeoutError`. Counted in ticks: a process that is
 * busy, or gets no turn of its processor, would hear of the end of its time before it hears of an answer that came long ago, so
 * the time that it was away from its event loop is one tick.
 */
export function patience(ms = 250): Patience {
  const ticks = Math.ceil(ms / tickMs);
  const waiting = new Set<Waiting>();
  // One for all calls, that ends when there are none: one for each would cost as much as all the rest of a hit in the store.
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    timer = waiting.size === 0 ? undefined : setTimeout(tick, tickMs);
    for (const call of waiting) {
      call.ticks += 1;
      if (call.ticks === ticks) call.giveUp(new DOMException(`no answer within ${ms} ms`, 'TimeoutError'));
    }
  }

  return async (operate, signal) => {
    signal?.throwIfAborted();
    const call = new Waiting();
    const giveUp = signal && (() => call.giveUp(signal.reason));
    if (giveUp) signal.addEventListener('abort', giveUp);
    timer ??= setTimeout(tick, tickMs);
    waiting.add(call);
    try {
      return await call.orGivenUp(operate(call));
    } finally {
      waiting.delete(call);
      if (giveUp) signal.removeEventListener('abort', giveUp);
    }
  };
}

/** A call that is under way; an object without closures, since a hit in the store is to cost little more than the store. */
class Waiting implements StoreCall {
  ticks = 0;
  #controller: AbortController | undefined;
  #reason: unknown;
  #fail: ((reason: unknown) => void) | undefined;

  /** Made for who asks for it: seldom anybody does. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** The answer, or the failure of {@link giveUp} when that comes first. */
  orGivenUp<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      answer.then(resolve, reject);
    });
  }

  giveUp(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#fail?.(reason);
  }
}
