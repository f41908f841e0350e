import { expect, test } from '@jest/globals';

import type { TokenEvent } from '../../../src/core/events.js';
import { type GuardedStore, guardStore } from '../../../src/layers/shared-store/circuit-breaker.js';
import { memoryStore } from '../../../src/stores/memory.js';
import type { Lease, StoredToken, TokenStore } from '../../../src/stores/token-store.js';
import { fakeClock } from '../../support/clock.js';
import { linesThatShow } from '../../support/grant-outcome.js';

const token: StoredToken = { version: 1, issuedAt: 1, expiresAt: 2, payload: 'c4n4ry-t0ken' };
const hang = () => new Promise<never>(() => {});

/** A guarded store whose `get` does what the test says. */
function guarded(get: TokenStore['get']) {
  const clock = fakeClock();
  const events: TokenEvent[] = [];
  let calls = 0;
  const store: TokenStore = {
    ...memoryStore({ clock }),
    get: (key, call) => {
      calls += 1;
      return get(key, call);
    },
  };
  const guard = guardStore(store, { clock, onEvent: (event) => events.push(event) });
  return { clock, events, guard, calls: () => calls };
}

test('hands out what the store answers', async () => {
  const { guard, events } = guarded(async () => token);

  expect(await guard.get('a')).toBe(token);
  expect(guard.isAway()).toBe(false);
  expect(events).toEqual([]);
});

test('a store that fails is a miss and an event, and is left alone for five seconds [D8]', async () => {
  const { clock, guard, events, calls } = guarded(() => Promise.reject(new Error('NOAUTH Authentication required.')));

  expect(await guard.get('a')).toBeUndefined();
  expect(await guard.get('a')).toBeUndefined();
  clock.advance(4_999);
  expect(await guard.lease('a', 1)).toBeUndefined();
  expect(guard.isAway()).toBe(true);
  expect(calls()).toBe(1);

  clock.advance(1);
  await guard.get('a');
  expect(calls()).toBe(2);
  clock.advance(5_000);
  await guard.get('a');
  expect(calls()).toBe(3);
  expect(events).toEqual(
    [1, 2, 3].map(() => ({ type: 'store.failed', operation: 'get', reason: 'Error NOAUTH', retryInMs: 5_000 })),
  );
});

test('a store that throws at once is a miss, too [D8]', async () => {
  const { guard } = guarded(() => {
    throw new TypeError('not a function');
  });

  await expect(guard.get('a')).resolves.toBeUndefined();
});

test('a store that hangs is a miss and an event [D8]', async () => {
  const { guard, events } = guarded(hang);

  expect(await guard.get('a')).toBeUndefined();

  expect(events).toMatchObject([{ type: 'store.failed', reason: 'TimeoutError' }]);
});

test('calls that fail together are one event [D8]', async () => {
  const { guard, events } = guarded(() => Promise.reject(new Error('down')));

  await Promise.all(Array.from({ length: 10 }, () => guard.get('a')));

  expect(events).toHaveLength(1);
});

test('after the pause one call tries the store, and the others do not wait for it [D8]', async () => {
  const answers: ((token: StoredToken) => void)[] = [];
  let isDown = true;
  const { clock, guard, calls } = guarded(() =>
    isDown ? Promise.reject(new Error('down')) : new Promise((resolve) => answers.push(resolve)),
  );
  await guard.get('a');
  isDown = false;
  clock.advance(5_000);

  const trial = guard.get('a');
  expect(await guard.get('b')).toBeUndefined();
  expect(calls()).toBe(2);
  answers[0]?.(token);
  await trial;

  void guard.get('b');
  expect(calls()).toBe(3);
});

test('a call that was under way before does not end the trial [D8]', async () => {
  const failures: ((error: Error) => void)[] = [];
  const { clock, guard, calls } = guarded(() => new Promise((_resolve, reject) => failures.push(reject)));
  const [slow, quick] = [guard.get('a'), guard.get('b')];
  failures[1]?.(new Error('down'));
  await quick;
  clock.advance(5_000);
  const trial = guard.get('a');

  failures[0]?.(new Error('down'));
  await slow;

  expect(await guard.get('b')).toBeUndefined();
  expect(calls()).toBe(3);
  failures[2]?.(new Error('down'));
  await trial;
});

/** One operation after the other, and what the store below is to hear of it. */
const operations: readonly [string, (guard: GuardedStore, lease: Lease) => Promise<unknown>, unknown[]][] = [
  ['get', (guard) => guard.get('a'), ['get', 'a']],
  ['set', (guard) => guard.set('a', token, 7), ['set', 'a', token, 7]],
  ['delete', (guard) => guard.delete('a', token), ['delete', 'a', token]],
  ['lease', (guard) => guard.lease('a', 7), ['lease', 'a', 7]],
  ['lease', (guard, lease) => guard.extend(lease, 7), ['extend', 7]],
  ['lease', (guard, lease) => guard.release(lease), ['release']],
];

test.each(operations)(
  'hands on a %s as it is, with a signal, and names it when it fails [D8]',
  async (name, operate, expected) => {
    const heard: unknown[][] = [];
    const events: TokenEvent[] = [];
    const failing =
      (method: string) =>
      (...args: unknown[]) => {
        heard.push([method, ...args]);
        return Promise.reject(new Error('down'));
      };
    const store = { get: failing('get'), set: failing('set'), delete: failing('delete'), lease: failing('lease') };
    const lease = { extend: failing('extend'), release: failing('release') };
    const guard = guardStore(store, { clock: fakeClock(), onEvent: (event) => events.push(event) });

    await operate(guard, lease);

    expect(heard).toEqual([[...expected, expect.objectContaining({ signal: expect.any(AbortSignal) })]]);
    expect(events).toMatchObject([{ operation: name }]);
  },
);

class ClosedError extends Error {}

test.each([
  ['Error', new Error('the key LONG was not found')],
  ['Error WRONGTYPE', new Error('WRONGTYPE of the key')],
  ['ClosedError', new ClosedError('closed')],
  ['AbortError', Object.assign(new Error('gone'), { name: 'AbortError' })],
  ['Error OOM', Object.assign(new Error('OOM no memory'), { code: 7 })],
  ['String', 'down'],
  ['', Object.create(null)],
])('tells the kind of a failure: "%s" [D8]', async (reason, thrown) => {
  const { guard, events } = guarded(() => Promise.reject(thrown as Error));

  await guard.get('a');

  expect(events).toMatchObject([{ reason }]);
});

test('who gives up meanwhile says nothing about the store [B6]', async () => {
  const { guard, events } = guarded(hang);
  const caller = new AbortController();

  const answer = guard.get('a', caller.signal);
  caller.abort(new Error('gone'));

  await expect(answer).rejects.toThrow('gone');
  expect(guard.isAway()).toBe(false);
  expect(events).toEqual([]);
});

test('an event tells the kind of a failure and nothing of what was stored [F4 R-25]', async () => {
  const clock = fakeClock();
  const events: TokenEvent[] = [];
  const set = async (_key: string, { payload }: StoredToken) => {
    throw Object.assign(new Error(`cannot write ${payload}`), { code: 'ECONNREFUSED' });
  };
  const guard = guardStore({ ...memoryStore({ clock }), set }, { clock, onEvent: (event) => events.push(event) });

  await guard.set('a', token, 1_000);

  expect(events).toMatchObject([{ operation: 'set', reason: 'Error ECONNREFUSED' }]);
  expect(linesThatShow(token.payload, events)).toEqual([]);
});

test('a store that says null says that there is nothing [D9]', async () => {
  const nothing = async () => null as never;
  const guard = guardStore({ get: nothing, set: nothing, delete: nothing, lease: nothing }, { clock: fakeClock() });

  expect([await guard.get('key'), await guard.lease('key', 1_000)]).toEqual([undefined, undefined]);
});
