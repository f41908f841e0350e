import { abortable, withDeadline } from '../core/abort.js';
import { type Clock, elapsedMs, type Instant, instant } from '../core/clock.js';
import { eventSink } from '../core/event-sink.js';
import type { EventSink } from '../core/events.js';
import { type Pause, pause } from '../core/pause.js';
import type { StoreCall, TokenStore } from './token-store.js';

/** A token store whose failures emit `store.failed` and resolve to `undefined`. Only an aborted call rejects. */
export interface CircuitBreaker extends TokenStore {
  /** Whether the store failed recently and is being skipped. Its methods then resolve to `undefined` at once. */
  isOpen(): boolean;
  /** The first failure since the last success; `undefined` while the store works. */
  failingSince(): Instant | undefined;
}

const timeoutMs = 250;
const openMs = 5_000;

/**
 * Ends each call of the store after 250 ms. A failure opens the circuit for 5 s. Then the circuit is half-open:
 * one call tries the store, and other calls skip it until that call ends.
 */
export function circuitBreaker(store: TokenStore, clock: Clock, onEvent?: EventSink): CircuitBreaker {
  const emit = eventSink(onEvent);
  let opened: Pause | undefined;
  let failedSince: Instant | undefined;
  let isHalfOpen = false;

  const isOpen = (): boolean => opened !== undefined && (isHalfOpen || opened.remainingMs() > 0);

  async function attempt<T>(
    operation: keyof TokenStore,
    work: (call: StoreCall) => Promise<T>,
    caller?: StoreCall,
  ): Promise<T | undefined> {
    if (isOpen()) return undefined;
    const isTrial = opened !== undefined;
    if (isTrial) isHalfOpen = true;
    const began = instant(clock);
    const ended = (failure?: string) =>
      emit({ type: 'store.called', operation, durationMs: elapsedMs(began, clock), failure });
    try {
      const result = await withDeadline(timeoutMs, caller?.signal, (signal) => abortable(work({ signal }), signal));
      opened = undefined;
      ended();
      if (failedSince !== undefined) emit({ type: 'store.recovered', failedForMs: elapsedMs(failedSince, clock) });
      failedSince = undefined;
      // A store in JavaScript may return null.
      return result ?? undefined;
    } catch (error) {
      caller?.signal.throwIfAborted();
      const failure = reasonOf(error);
      ended(failure);
      failedSince ??= began;
      // Concurrent calls that fail count as one failure.
      if (opened === undefined || isTrial) {
        opened = pause(openMs, clock);
        emit({ type: 'store.failed', operation, failure, retryAfterMs: openMs });
      }
      return undefined;
    } finally {
      if (isTrial) isHalfOpen = false;
    }
  }

  return {
    isOpen,
    failingSince: () => failedSince,
    get: (key, caller) => attempt('get', (call) => store.get(key, call), caller),
    set: (key, token, ttlMs, caller) => attempt('set', (call) => store.set(key, token, ttlMs, call), caller),
    delete: (key, token, caller) => attempt('delete', (call) => store.delete(key, token, call), caller),
    async lease(key, ms, caller) {
      const lease = await attempt('lease', (call) => store.lease(key, ms, call), caller);
      return (
        lease && {
          extend: (extensionMs) => attempt('lease', (call) => lease.extend(extensionMs, call)),
          release: () => attempt('lease', (call) => lease.release(call)),
        }
      );
    },
  };
}

// The name and the code of the error. Redis puts the code at the start of the message. The rest may contain a token.
function reasonOf(error: unknown): string {
  const { name, code, message, constructor } = Object(error) as Partial<Error> & { readonly code?: unknown };
  const kind = name === undefined || name === 'Error' ? constructor?.name : name;
  const known = typeof code === 'string' ? code : /^[A-Z]+(?= )/.exec(String(message))?.[0];
  return [kind, known].filter(Boolean).join(' ');
}
