import { getEventListeners } from 'node:events';

import { expect, test } from '@jest/globals';

import { abortable } from '../../src/core/abort.js';
import { failureOf } from '../support/grant-outcome.js';

test('has the outcome of the shared call when nobody gives up [B6]', async () => {
  const { signal } = new AbortController();

  await expect(abortable(Promise.resolve('a'), signal)).resolves.toBe('a');
  await expect(abortable(Promise.resolve('a'), undefined)).resolves.toBe('a');
  await expect(abortable(Promise.reject(new Error('away')), signal)).rejects.toThrow('away');
  await expect(abortable(Promise.reject(new Error('away')), undefined)).rejects.toThrow('away');
});

test('has the reason of the signal once that is aborted, and leaves the shared call alone [B6]', async () => {
  const controller = new AbortController();
  let finish: ((value: string) => void) | undefined;
  const shared = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const reason = new Error('gone');

  const outcome = failureOf(abortable(shared, controller.signal));
  controller.abort(reason);

  expect(await outcome).toBe(reason);
  finish?.('a');
  await expect(shared).resolves.toBe('a');
});

test('has the reason at once when the signal was aborted before [B6]', async () => {
  const shared = new Promise<never>(() => {});

  expect(await failureOf(abortable(shared, AbortSignal.abort('no time')))).toBe('no time');
});

// Jest fails a test that leaves a rejection unhandled.
test('a shared call that fails after everybody gave up disturbs nobody [D19]', async () => {
  const controller = new AbortController();
  let fail: ((reason: Error) => void) | undefined;
  const shared = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });

  const outcome = failureOf(abortable(shared, controller.signal));
  controller.abort(new Error('gone'));
  const reason = await outcome;
  fail?.(new Error('late'));
  await new Promise(setImmediate);

  expect(reason).toEqual(new Error('gone'));
});

test('leaves no listener on a signal that outlives many calls', async () => {
  const { signal } = new AbortController();

  await abortable(Promise.resolve(), signal);
  await failureOf(abortable(Promise.reject(new Error('away')), signal));

  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
