import { Readable } from 'node:stream';

import { describe, expect, test } from '@jest/globals';

import { cancelBody, discardStream, isStream } from '../../src/adapters/body.js';
import { cleanUp } from '../support/clean-up.js';

async function* iterator(): AsyncGenerator<string> {
  yield Promise.resolve('an order');
}

describe('a body [E8]', () => {
  test.each<[string, () => unknown]>([
    ['a Node stream', () => Readable.from(['an order'])],
    ['a web stream', () => new Blob(['an order']).stream()],
    ['an asynchronous iterator', iterator],
    ['a form with "pipe"', () => ({ pipe: () => undefined })],
  ])('that is %s can be read once only', (_what, body) => {
    expect(isStream(body())).toBe(true);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'an order'],
    ['bytes', new Uint8Array(3)],
    ['an object', { quantity: 3 }],
    ['URLSearchParams', new URLSearchParams()],
    ['FormData', new FormData()],
    ['a Blob', new Blob([])],
  ])('that is %s can be read twice', (_what, body) => {
    expect(isStream(body)).toBe(false);
  });
});

test('ends streams of all kinds, and leaves anything else alone [E14]', async () => {
  const node = Readable.from(['an order']);
  let isCancelled = false;
  const web = new ReadableStream({ cancel: () => void (isCancelled = true) });

  for (const body of [node, web, 'an order', undefined]) discardStream(body);

  expect(node.destroyed).toBe(true);
  expect(isCancelled).toBe(true);
});

test('cancelling a body that has already failed causes no unhandled rejection [E14 D15]', async () => {
  const unhandled: unknown[] = [];
  const remember = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', remember);
  cleanUp(() => process.off('unhandledRejection', remember));

  cancelBody(new ReadableStream({ start: (controller) => controller.error(new Error('reset')) }));
  cancelBody(null);
  await new Promise(setImmediate);

  expect(unhandled).toEqual([]);
});
