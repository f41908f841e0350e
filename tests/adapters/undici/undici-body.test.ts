import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';

import { isReadOnce, keptBody } from '../../../src/adapters/undici/undici-body.js';

async function* parts(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of texts) yield await Promise.resolve(Buffer.from(part));
}

function* inTurn(): Generator<string> {
  yield 'an order';
}

test.each<[string, unknown, boolean]>([
  ['nothing', undefined, false],
  ['null', null, false],
  ['a string', 'an order', false],
  ['bytes', Buffer.from('bytes'), false],
  ['a form', new FormData(), false],
  ['a Blob', new Blob(['blob']), false],
  ['a list', ['an ', 'order'], false],
  ['a Node stream', Readable.from(['an order']), true],
  ['an asynchronous iterator', parts('an order'), true],
  ['an iterator', inTurn(), true],
])('%s can be read once only: %j [E8]', (_what, body, expected) => {
  expect(isReadOnce(body)).toBe(expected);
});

describe('a short body of an asynchronous iterator [E9]', () => {
  test('is kept while it is sent', async () => {
    const { body, again } = keptBody(parts('an ', 'order'), { 'content-length': '8' });
    const before = again();

    const sent = await text(body as AsyncIterable<Uint8Array> as Readable);

    expect(before).toBeUndefined();
    expect(sent).toBe('an order');
    expect(String(again() as Buffer)).toBe('an order');
  });

  test('is not kept when it was not read to its end', async () => {
    const { body, again } = keptBody(parts('an ', 'order'), { 'content-length': '8' });

    for await (const _part of body as AsyncIterable<Uint8Array>) break;

    expect(again()).toBeUndefined();
  });
});

test.each<[string, unknown, Record<string, string>]>([
  ['of unknown length', parts('an order'), {}],
  ['that is too long', parts('an order'), { 'content-length': '1048577' }],
  ['whose length is no number', parts('an order'), { 'content-length': 'short' }],
  ['that is a Node stream', Readable.from(['an order']), { 'content-length': '8' }],
])('a body %s is left alone [E8]', (_what, given, headers) => {
  const { body, again } = keptBody(given, headers);

  expect(body).toBe(given);
  expect(again()).toBeUndefined();
});
