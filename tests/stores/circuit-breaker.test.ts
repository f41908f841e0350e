import { expect, test } from '@jest/globals';

import type { TokenEvent } from '../../src/core/events.js';
import { circuitBreaker } from '../../src/stores/circuit-breaker.js';
import { memoryStore } from '../../src/stores/memory.js';
import type { StoreCall, StoredToken, TokenStore } from '../../src/stores/token-store.js';
import { blockEventLoop } from '../support/block-event-loop.js';
import { fakeClock } from '../support/clock.js';
import { failureOf, linesThatShow } from '../support/grant-outcome.js';
import { collectNotable } from '../support/events.js';

const token: StoredToken = { version: 1, issuedAt: 1, expiresAt: 2, payload: 'c4n4ry-t0ken' };
const hang = () => new Promise<never>(() => {});

/** A circuit breaker around a store with this `get`. */
function breaking(get: TokenStore['get']) {
  const clock = fakeClock();
  const events: TokenEvent[] = [];
  const calls: (StoreCall | undefined)[] = [];
  const store: TokenStore = {
    ...memoryStore({ clock }),
    get: (key, call) => {
      calls.push(call);
      return get(key, call);
    },
  };
  const breaker = circuitBreaker(store, clock, collectNotable(events));
  return { clock, events, breaker, calls };
}

test('returns the result of the store', async () => {
  const { breaker, events } = breaking(async () => token);

  expect(await breaker.get('a')).toBe(token);
  expect(breaker.isOpen()).toBe(false);
  expect(events).toEqual([]);
});

test('opens for five seconds after a failure, which is a miss and an event [D8]', async () => {
  const { clock, breaker, events, calls } = breaking(() =>
    Promise.reject(new Error('NOAUTH Authentication required.')),
  );

  expect(await breaker.get('a')).toBeUndefined();
  expect(await breaker.get('a')).toBeUndefined();
  clock.advance(4_999);
  expect(await breaker.lease('a', 1)).toBeUndefined();
  expect(breaker.isOpen()).toBe(true);
  expect(calls).toHaveLength(1);

  clock.advance(1);
  await breaker.get('a');
  expect(calls).toHaveLength(2);
  clock.advance(5_000);
  await breaker.get('a');
  expect(calls).toHaveLength(3);
  expect(events).toEqual(
    [1, 2, 3].map(() => ({ type: 'store.failed', operation: 'get', failure: 'Error NOAUTH', retryAfterMs: 5_000 })),
  );
});

test('treats an exception like a rejection [D8]', async () => {
  const { breaker } = breaking(() => {
    throw new TypeError('not a function');
  });

  await expect(breaker.get('a')).resolves.toBeUndefined();
});

test('ends a call after 250 ms, aborts its signal and reports a timeout [D8]', async () => {
  const { breaker, events, calls } = breaking(hang);
  const began = performance.now();

  expect(await breaker.get('a')).toBeUndefined();

  expect(performance.now() - began).toBeGreaterThan(240);
  expect(calls[0]?.signal.reason).toMatchObject({ name: 'TimeoutError', message: 'no response within 250 ms' });
  expect(events).toMatchObject([{ type: 'store.failed', failure: 'TimeoutError' }]);
});

test('reports a timeout for a store that observes the signal and fails with an error of its own [D8]', async () => {
  const { breaker, events } = breaking(
    (_key, call) =>
      new Promise((_resolve, reject) => {
        call?.signal.addEventListener('abort', () => reject(new Error('cancelled')));
      }),
  );

  expect(await breaker.get('a')).toBeUndefined();

  expect(events).toMatchObject([{ failure: 'TimeoutError' }]);
});

test('returns a result that arrived while the event loop was blocked [B9 D8]', async () => {
  // The encryption takes turns in the thread pool, which end while the event loop is blocked.
  const { breaker, events } = breaking(async () => {
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
    await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, new Uint8Array(8));
    return token;
  });

  const result = breaker.get('a');
  blockEventLoop(1_000);

  expect(await result).toBe(token);
  expect(events).toEqual([]);
});

test('counts concurrent failures as one [D8]', async () => {
  const { breaker, events } = breaking(() => Promise.reject(new Error('down')));

  await Promise.all(Array.from({ length: 10 }, () => breaker.get('a')));

  expect(events).toHaveLength(1);
});

test('lets one call try the store when it is half-open, while the others skip it [D8]', async () => {
  const answers: ((token: StoredToken) => void)[] = [];
  let isDown = true;
  const { clock, breaker, calls } = breaking(() =>
    isDown ? Promise.reject(new Error('down')) : new Promise((resolve) => answers.push(resolve)),
  );
  await breaker.get('a');
  isDown = false;
  clock.advance(5_000);

  const trial = breaker.get('a');
  expect(await breaker.get('b')).toBeUndefined();
  expect(calls).toHaveLength(2);
  answers[0]?.(token);
  await trial;

  void breaker.get('b');
  expect(calls).toHaveLength(3);
});

test('stays half-open when a call from before the failure fails too [D8]', async () => {
  const failures: ((error: Error) => void)[] = [];
  const { clock, breaker, calls } = breaking(() => new Promise((_resolve, reject) => failures.push(reject)));
  const [slow, quick] = [breaker.get('a'), breaker.get('b')];
  failures[1]?.(new Error('down'));
  await quick;
  clock.advance(5_000);
  const trial = breaker.get('a');

  failures[0]?.(new Error('down'));
  await slow;

  expect(await breaker.get('b')).toBeUndefined();
  expect(calls).toHaveLength(3);
  failures[2]?.(new Error('down'));
  await trial;
});

/** Each operation, and the arguments that the store receives. */
const operations: readonly [string, (store: TokenStore) => Promise<unknown>, unknown[]][] = [
  ['get', (store) => store.get('a'), ['a']],
  ['set', (store) => store.set('a', token, 7), ['a', token, 7]],
  ['delete', (store) => store.delete('a', token), ['a', token]],
  ['lease', (store) => store.lease('a', 7), ['a', 7]],
];

test.each(operations)('passes %s on with a signal, and names it in the event [D8]', async (name, operate, expected) => {
  const received: unknown[][] = [];
  const events: TokenEvent[] = [];
  const failing =
    (method: string) =>
    (...args: unknown[]) => {
      received.push([method, ...args]);
      return Promise.reject(new Error('down'));
    };
  const store = { get: failing('get'), set: failing('set'), delete: failing('delete'), lease: failing('lease') };

  await operate(circuitBreaker(store, fakeClock(), collectNotable(events)));

  expect(received).toEqual([[name, ...expected, expect.objectContaining({ signal: expect.any(AbortSignal) })]]);
  expect(events).toMatchObject([{ operation: name }]);
});

test.each([
  ['extend', [7]],
  ['release', []],
] as const)('passes %s of a lease on with a signal, and names it "lease" in the event [D8]', async (method, args) => {
  const received: unknown[][] = [];
  const events: TokenEvent[] = [];
  const fail = (...values: unknown[]) => {
    received.push(values);
    return Promise.reject(new Error('down'));
  };
  const clock = fakeClock();
  const store = { ...memoryStore({ clock }), lease: async () => ({ extend: fail, release: fail }) };
  const lease = await circuitBreaker(store, clock, collectNotable(events)).lease('a', 1_000);

  await (method === 'extend' ? lease?.extend(7) : lease?.release());

  expect(received).toEqual([[...args, expect.objectContaining({ signal: expect.any(AbortSignal) })]]);
  expect(events).toMatchObject([{ operation: 'lease' }]);
});

class ClosedError extends Error {}

test.each([
  ['Error', new Error('the key LONG was not found')],
  ['Error WRONGTYPE', new Error('WRONGTYPE of the key')],
  ['ClosedError', new ClosedError('closed')],
  ['AbortError', Object.assign(new Error('gone'), { name: 'AbortError' })],
  ['Error OOM', Object.assign(new Error('OOM no memory'), { code: 7 })],
  ['String', 'down'],
  ['', Object.create(null)],
])('gives the kind of the error as the reason: "%s" [D8]', async (reason, thrown) => {
  const { breaker, events } = breaking(() => Promise.reject(thrown as Error));

  await breaker.get('a');

  expect(events).toMatchObject([{ failure: reason }]);
});

test('rejects with the reason of a caller that gives up, and stays closed [B6]', async () => {
  const { breaker, events, calls } = breaking(hang);
  const caller = new AbortController();

  const result = failureOf(breaker.get('a', caller));
  caller.abort(new Error('gone'));

  expect(await result).toEqual(new Error('gone'));
  expect(calls[0]?.signal.aborted).toBe(true);
  expect(breaker.isOpen()).toBe(false);
  expect(events).toEqual([]);
});

test('does not call the store for a caller that has given up [B6]', async () => {
  const { breaker, calls } = breaking(async () => token);

  await expect(breaker.get('a', { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
  expect(calls).toEqual([]);
});

test('reveals nothing of the stored token in an event [F4 R-25]', async () => {
  const clock = fakeClock();
  const events: TokenEvent[] = [];
  const set = async (_key: string, { payload }: StoredToken) => {
    throw Object.assign(new Error(`cannot write ${payload}`), { code: 'ECONNREFUSED' });
  };
  const breaker = circuitBreaker({ ...memoryStore({ clock }), set }, clock, collectNotable(events));

  await breaker.set('a', token, 1_000);

  expect(events).toMatchObject([{ operation: 'set', failure: 'Error ECONNREFUSED' }]);
  expect(linesThatShow(token.payload, events)).toEqual([]);
});

test('reads null as a miss [D9]', async () => {
  const nothing = async () => null as never;
  const breaker = circuitBreaker({ get: nothing, set: nothing, delete: nothing, lease: nothing }, fakeClock());

  expect([await breaker.get('key'), await breaker.lease('key', 1_000)]).toEqual([undefined, undefined]);
});

test('reports each call with its duration, and once how long the store failed', async () => {
  const clock = fakeClock();
  const events: TokenEvent[] = [];
  let isDown = true;
  const get = async (): Promise<StoredToken> => {
    clock.advance(7);
    if (isDown) throw new Error('OOM no memory');
    return token;
  };
  const breaker = circuitBreaker({ ...memoryStore({ clock }), get }, clock, (event) => events.push(event));

  await breaker.get('a');
  clock.advance(5_000);
  await breaker.get('a');
  isDown = false;
  clock.advance(5_000);
  await breaker.get('a');
  await breaker.get('a');

  const called = { type: 'store.called', operation: 'get', durationMs: 7 };
  const failed = { type: 'store.failed', operation: 'get', failure: 'Error OOM', retryAfterMs: 5_000 };
  expect(events).toEqual([
    { ...called, failure: 'Error OOM' },
    failed,
    { ...called, failure: 'Error OOM' },
    failed,
    { ...called, failure: undefined },
    { type: 'store.recovered', failedForMs: 10_021 },
    { ...called, failure: undefined },
  ]);
});
