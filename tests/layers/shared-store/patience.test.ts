import { getEventListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { patience } from '../../../src/layers/shared-store/patience.js';
import type { StoreCall } from '../../../src/stores/token-store.js';
import { failureOf } from '../../support/grant-outcome.js';

const hang = () => new Promise<never>(() => {});

test('hands on an answer and a failure', async () => {
  const withPatience = patience();

  await expect(withPatience(async () => 'answer', undefined)).resolves.toBe('answer');
  await expect(withPatience(() => Promise.reject(new Error('down')), undefined)).rejects.toThrow('down');
});

test('waits for 250 ms, and tells the call that nobody waits any more [D8]', async () => {
  const told: unknown[] = [];
  const began = performance.now();

  const answer = patience()(({ signal }) => {
    signal.addEventListener('abort', () => told.push(signal.reason));
    return hang();
  }, undefined);

  await expect(answer).rejects.toMatchObject({ name: 'TimeoutError', message: 'no answer within 250 ms' });
  expect(performance.now() - began).toBeGreaterThan(200);
  expect(told).toMatchObject([{ name: 'TimeoutError' }]);
});

test('tells it also to who asks only afterwards [D8]', async () => {
  const calls: StoreCall[] = [];

  const answer = patience()((call) => {
    calls.push(call);
    return hang();
  }, undefined);
  await expect(answer).rejects.toMatchObject({ name: 'TimeoutError' });

  expect(calls[0]?.signal.aborted).toBe(true);
});

test('an answer that came while the process was busy counts [B9]', async () => {
  const answer = patience()(async () => {
    await setTimeout(20);
    return 'answer';
  }, undefined);

  const busyUntil = performance.now() + 400;
  while (performance.now() < busyUntil);

  await expect(answer).resolves.toBe('answer');
});

test('gives each of several calls its time [D8]', async () => {
  const withPatience = patience();
  const first = withPatience(hang, undefined).catch(() => performance.now());
  await setTimeout(120);
  const began = performance.now();

  const second = withPatience(hang, undefined).catch(() => performance.now());

  expect(await second).toBeGreaterThan(began + 200);
  expect(await first).toBeLessThan(await second);
});

test('ends when the caller gives up, before or meanwhile [B6]', async () => {
  const withPatience = patience();
  const caller = new AbortController();

  const answer = withPatience(hang, caller.signal);
  caller.abort(new Error('gone'));

  await expect(answer).rejects.toThrow('gone');
  await expect(withPatience(hang, caller.signal)).rejects.toThrow('gone');
});

test('leaves nothing behind at the signal of the caller [D16]', async () => {
  const { signal } = new AbortController();

  const answer = patience()(async () => 'answer', signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await answer;

  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('leaves no timer running [D16]', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = timers();

  await patience()(async () => 'answer', undefined);
  await setTimeout(60);

  expect(timers()).toBeLessThanOrEqual(before);
});

test('waits as long as is said [B6]', async () => {
  const [soon, later] = [patience(50), patience(10_000)];
  const caller = new AbortController();
  const other = failureOf(later(hang, caller.signal));

  const failure = await failureOf(soon(hang, undefined));
  caller.abort(new Error('gone'));

  expect(failure).toMatchObject({ name: 'TimeoutError', message: 'no answer within 50 ms' });
  expect(await other).toEqual(new Error('gone'));
});
