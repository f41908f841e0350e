import { abortable } from '../abortable.js';
import { type Clock, elapsedMs, type Instant, instant } from '../clock.js';
import { eventSink, type EventSink } from '../events.js';
import type { Lease, StoredToken, TokenStore } from '../stores/token-store.js';

/** Longest wait for one call of the store: 5 ticks of 50 ms. */
const patience = { ticks: 5, tickMs: 50 };
/** How long a store that failed is left alone, in milliseconds. */
const pauseMs = 5_000;

/** A store that never fails: what it cannot do is an event, and left undone. */
export interface GuardedStore {
  /** Whether it failed a short while ago: its answers are none, and it is not asked. */
  isAway(): boolean;
  get(key: string, signal?: AbortSignal): Promise<StoredToken | undefined>;
  set(key: string, token: StoredToken, ttlMs: number): Promise<void>;
  delete(key: string, token: StoredToken): Promise<void>;
  lease(key: string, ms: number, signal?: AbortSignal): Promise<Lease | undefined>;
  extend(lease: Lease, ms: number): Promise<void>;
  release(lease: Lease): Promise<void>;
}

/**
 * Waits for no call of a store longer than 250 ms, and leaves a store that failed or was too slow alone for 5 s. After that
 * one call tries it, while the others go on without it.
 */
export function guardStore(store: TokenStore, { clock, onEvent }: { clock: Clock; onEvent?: EventSink | undefined }) {
  const emit = eventSink(onEvent);
  let failed: Instant | undefined;
  let isTried = false;

  const isAway = (): boolean => failed !== undefined && (isTried || elapsedMs(failed, clock) < pauseMs);

  async function attempt<T>(
    operation: 'get' | 'set' | 'delete' | 'lease',
    call: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    if (isAway()) return undefined;
    const isTrial = failed !== undefined;
    if (isTrial) isTried = true;
    try {
      const answer = await withPatience(call, signal);
      failed = undefined;
      return answer;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      // Calls that were under way together fail together, and that is one failure.
      if (failed === undefined || isTrial) {
        failed = instant(clock);
        emit({ type: 'store.failed', operation, reason: reasonOf(error), retryInMs: pauseMs });
      }
      return undefined;
    } finally {
      if (isTrial) isTried = false;
    }
  }

  const guarded: GuardedStore = {
    isAway,
    get: (key, signal) => attempt('get', (capped) => store.get(key, capped), signal),
    set: (key, token, ttlMs) => attempt('set', (capped) => store.set(key, token, ttlMs, capped)),
    delete: (key, token) => attempt('delete', (capped) => store.delete(key, token, capped)),
    lease: (key, ms, signal) => attempt('lease', (capped) => store.lease(key, ms, capped), signal),
    extend: (lease, ms) => attempt('lease', (capped) => lease.extend(ms, capped)),
    release: (lease) => attempt('lease', (capped) => lease.release(capped)),
  };
  return guarded;
}

// A process that is busy, or gets no turn of its processor, would hear of the end of its time before it hears of an answer that
// came long ago. Counted in ticks, the time that it was away from its event loop is one of them.
async function withPatience<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const end = new AbortController();
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks === patience.ticks) end.abort(new DOMException('the store did not answer', 'TimeoutError'));
  }, patience.tickMs);
  const either = signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]);
  try {
    return await abortable(call(either), either);
  } finally {
    clearInterval(timer);
  }
}

// Its kind only: the message of an error may repeat what the store was given. Redis begins an error with its code.
function reasonOf(error: unknown): string {
  const { name, code, message, constructor } = Object(error) as Error & { readonly code?: unknown };
  const kind = name === 'Error' || name === undefined ? constructor.name : name;
  const known = typeof code === 'string' ? code : /^[A-Z]+(?= )/.exec(String(message))?.[0];
  return known === undefined ? kind : `${kind} ${known}`;
}
