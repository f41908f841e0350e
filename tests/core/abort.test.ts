import { getEventListeners } from 'node:events';
import { readFile } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';

import { abortable, DeadlineError, withDeadline } from '../../src/core/abort.js';
import { blockEventLoop } from '../support/block-event-loop.js';
import { failureOf } from '../support/grant-outcome.js';

const hang = () => new Promise<never>(() => {});

describe('abortable', () => {
  test('returns the outcome of the shared call [B6]', async () => {
    const { signal } = new AbortController();

    await expect(abortable(Promise.resolve('a'), signal)).resolves.toBe('a');
    await expect(abortable(Promise.resolve('a'), undefined)).resolves.toBe('a');
    await expect(abortable(Promise.reject(new Error('away')), signal)).rejects.toThrow('away');
    await expect(abortable(Promise.reject(new Error('away')), undefined)).rejects.toThrow('away');
  });

  test('rejects with the reason of an aborted signal, while the shared call goes on [B6]', async () => {
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

  test('rejects at once when the signal is aborted before the call [B6]', async () => {
    expect(await failureOf(abortable(hang(), AbortSignal.abort('no time')))).toBe('no time');
  });

  test('prefers the reason of the signal to the error of a shared call that observes it [B6]', async () => {
    const controller = new AbortController();
    const shared = new Promise<never>((_resolve, reject) => {
      controller.signal.addEventListener('abort', () => reject(new Error('cancelled')));
    });

    const outcome = failureOf(abortable(shared, controller.signal));
    controller.abort(new Error('gone'));

    expect(await outcome).toEqual(new Error('gone'));
  });

  // Jest fails a test that leaves a rejection unhandled.
  test('handles a later rejection of the shared call [D19]', async () => {
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

  test('leaves no listener on the signal [D16]', async () => {
    const { signal } = new AbortController();

    await abortable(Promise.resolve(), signal);
    await failureOf(abortable(Promise.reject(new Error('away')), signal));

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('withDeadline', () => {
  test('returns the outcome of the work', async () => {
    await expect(withDeadline(1_000, undefined, async () => 'a')).resolves.toBe('a');
    await expect(withDeadline(1_000, undefined, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });

  test('aborts the signal of the work when the time has passed [B4]', async () => {
    const began = performance.now();

    const failure = await failureOf(withDeadline(100, undefined, (signal) => abortable(hang(), signal)));

    expect(failure).toBeInstanceOf(DeadlineError);
    expect(failure).toMatchObject({ name: 'TimeoutError', message: 'no response within 100 ms' });
    expect(performance.now() - began).toBeGreaterThan(95);
  });

  test('aborts the signal of the work with the reason of the caller [B6]', async () => {
    const caller = new AbortController();

    const outcome = failureOf(withDeadline(10_000, caller.signal, (signal) => abortable(hang(), signal)));
    caller.abort(new Error('gone'));

    expect(await outcome).toEqual(new Error('gone'));
  });

  test('does not begin work for a caller that has given up [B6]', async () => {
    let calls = 0;

    const outcome = failureOf(withDeadline(1_000, AbortSignal.abort('no time'), async () => (calls += 1)));

    expect(await outcome).toBe('no time');
    expect(calls).toBe(0);
  });

  test('reads an answer that arrived while the event loop was blocked [B9]', async () => {
    // A file is read in several turns of the event loop.
    const reading = withDeadline(500, undefined, (signal) => abortable(readFile(import.meta.filename), signal));

    blockEventLoop(700);

    await expect(reading).resolves.toBeInstanceOf(Uint8Array);
  });

  test('leaves neither a timer nor a listener behind [D16]', async () => {
    const { signal } = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();

    await withDeadline(10_000, signal, async () => {
      expect(timers()).toBe(before + 1);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    });

    expect(timers()).toBe(before);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
