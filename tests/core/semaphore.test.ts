import { expect, test } from '@jest/globals';

import { semaphore } from '../../src/core/semaphore.js';
import { settle } from '../support/tokens.js';

/** Work that ends when the test says so. */
function works(max: number) {
  const inTurn = semaphore(max);
  const started: string[] = [];
  const ends = new Map<string, { done(): void; fail(error: Error): void }>();
  const start = (name: string, signal?: AbortSignal) =>
    inTurn(signal, () => {
      started.push(name);
      return new Promise<string>((resolve, reject) => {
        ends.set(name, { done: () => resolve(name), fail: reject });
      });
    });
  return {
    start,
    started,
    end: (name: string) => ends.get(name)?.done(),
    fail: (name: string) => ends.get(name)?.fail(new Error(name)),
  };
}

test('lets so many run at the same time, and the others in the order of their calls', async () => {
  const { start, started, end } = works(2);
  const results = ['a', 'b', 'c', 'd'].map((name) => start(name));
  await settle();
  expect(started).toEqual(['a', 'b']);

  end('b');
  await settle();
  expect(started).toEqual(['a', 'b', 'c']);
  end('a');
  await settle();
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  end('c');
  end('d');

  expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd']);
});

test('passes the turn on after a failure', async () => {
  const { start, started, end, fail } = works(1);
  const first = start('a');
  const second = start('b');

  fail('a');
  await expect(first).rejects.toThrow('a');
  await settle();
  expect(started).toEqual(['a', 'b']);
  end('b');

  expect(await second).toBe('b');
});

test('leaves out a call that was aborted while it waited, and runs those behind it', async () => {
  const { start, started, end } = works(1);
  const caller = new AbortController();
  const first = start('a');
  const aborted = start('b', caller.signal);
  const third = start('c', new AbortController().signal);

  caller.abort(new Error('gave up'));
  await expect(aborted).rejects.toThrow('gave up');
  end('a');
  await settle();
  expect(started).toEqual(['a', 'c']);
  end('c');

  expect(await Promise.all([first, third])).toEqual(['a', 'c']);
});

test('begins nothing for a signal that was aborted before', async () => {
  const { start, started } = works(1);

  await expect(start('a', AbortSignal.abort(new Error('gave up')))).rejects.toThrow('gave up');
  expect(started).toEqual([]);
});
