import { type Clock, elapsedMs, type Instant, instant } from '../../core/clock.js';
import { eventSink, type EventSink } from '../../core/events.js';
import type { Lease, StoreCall, StoredToken, TokenStore } from '../../stores/token-store.js';
import { patience } from './patience.js';

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
export function guardStore(
  store: TokenStore,
  { clock, onEvent }: { clock: Clock; onEvent?: EventSink | undefined },
): GuardedStore {
  const emit = eventSink(onEvent);
  const withPatience = patience();
  let failed: Instant | undefined;
  let isTried = false;

  const isAway = (): boolean => failed !== undefined && (isTried || elapsedMs(failed, clock) < pauseMs);

  async function attempt<T>(
    operation: 'get' | 'set' | 'delete' | 'lease',
    operate: (call: StoreCall) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    if (isAway()) return undefined;
    const isTrial = failed !== undefined;
    if (isTrial) isTried = true;
    try {
      const answer = await withPatience(operate, signal);
      failed = undefined;
      // A store in JavaScript may say null.
      return answer ?? undefined;
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

  return {
    isAway,
    get: (key, signal) => attempt('get', (call) => store.get(key, call), signal),
    set: (key, token, ttlMs) => attempt('set', (call) => store.set(key, token, ttlMs, call)),
    delete: (key, token) => attempt('delete', (call) => store.delete(key, token, call)),
    lease: (key, ms, signal) => attempt('lease', (call) => store.lease(key, ms, call), signal),
    extend: (lease, ms) => attempt('lease', (call) => lease.extend(ms, call)),
    release: (lease) => attempt('lease', (call) => lease.release(call)),
  };
}

// Its kind only: the message of an error may repeat what the store was given. Redis begins an error with its code.
function reasonOf(error: unknown): string {
  const { name, code, message, constructor } = Object(error) as Partial<Error> & { readonly code?: unknown };
  const kind = name === undefined || name === 'Error' ? constructor?.name : name;
  const known = typeof code === 'string' ? code : /^[A-Z]+(?= )/.exec(String(message))?.[0];
  return [kind, known].filter(Boolean).join(' ');
}
