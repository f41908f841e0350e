import { describe, expect, test } from '@jest/globals';

import {
  fetchRequest,
  hasAuthorization,
  headersWith,
  withBodyInMemory,
} from '../../../src/adapters/fetch/fetch-request.js';

const url = 'https://api.example.com/orders';
const stream = (): ReadableStream => new Blob(['an order']).stream();
const post = (body: NonNullable<RequestInit['body']>): Request =>
  new Request(url, { method: 'POST', body, duplex: 'half' });

test.each([[url], [new URL(url)], [new Request(url)]])('says where %s goes', (input) => {
  expect(fetchRequest(input, {}).url).toBe(url);
});

test('hands on a Request as it is, and says what it says', () => {
  const { signal } = new AbortController();
  const request = new Request(url, { method: 'DELETE', headers: { 'x-tenant': 'blue' }, redirect: 'manual', signal });

  const { input, init } = fetchRequest(request, {});

  expect(input).toBe(request);
  expect(init).toMatchObject({ method: 'DELETE', redirect: 'manual', headers: [['x-tenant', 'blue']] });
  expect(init.signal).toBe(request.signal);
});

test('prefers what "init" says to what the Request says', () => {
  const request = new Request(url, { method: 'DELETE', headers: { 'x-tenant': 'blue' } });

  const { init } = fetchRequest(request, { method: 'PUT', headers: { 'x-tenant': 'green' } });

  expect(init).toMatchObject({ method: 'PUT', headers: { 'x-tenant': 'green' } });
});

test('what "init" leaves undefined is as the Request says', () => {
  const { signal } = new AbortController();
  const request = new Request(url, { method: 'POST', body: 'an order', redirect: 'manual', signal });
  const unsaid = { method: undefined, redirect: undefined, signal: undefined, headers: undefined, body: undefined };

  const { init } = fetchRequest(request, unsaid as unknown as RequestInit);

  expect(init).toMatchObject({
    method: 'POST',
    redirect: 'manual',
    headers: [['content-type', 'text/plain;charset=UTF-8']],
  });
  expect(init.signal).toBe(request.signal);
  expect(fetchRequest(request, { signal: null }).init.signal).toBeNull();
});

describe('whether the body can be read again', () => {
  test.each<[string, RequestInit['body'], boolean]>([
    ['no body', undefined, true],
    ['null', null, true],
    ['a string', 'an order', true],
    ['bytes', new Uint8Array(3), true],
    ['a form', new FormData(), true],
    ['a stream', stream(), false],
  ])('is known for %s', (_what, body, isReplayable) => {
    expect(fetchRequest(url, { ...(body !== undefined && { body }) }).canBodyBeReadAgain).toBe(isReplayable);
  });

  test.each<[string, () => NonNullable<RequestInit['body']>, string]>([
    ['a string', () => 'an order', 'an order'],
    ['bytes', () => Buffer.from('bytes'), 'bytes'],
    ['a Blob', () => new Blob(['blob']), 'blob'],
    ['URLSearchParams', () => new URLSearchParams({ a: '1' }), 'a=1'],
  ])('is found out for a Request made from %s, which is read into memory [E9]', async (_what, body, text) => {
    const request = await withBodyInMemory(fetchRequest(post(body()), {}));

    expect(request.canBodyBeReadAgain).toBe(true);
    expect(await (request.init.body as Blob).text()).toBe(text);
    expect((request.init.body as Blob).type).toBe('');
  });

  test('is found out for a Request made from a stream, which stays as it was [E8]', async () => {
    const given = post(stream());

    const request = await withBodyInMemory(fetchRequest(given, {}));

    expect(request.canBodyBeReadAgain).toBe(false);
    expect(request.init.body).toBeUndefined();
    expect(given.bodyUsed).toBe(false);
    expect(await given.text()).toBe('an order');
  });

  test('is found out for copies of such a Request, too [E8]', async () => {
    const [clone, copy] = [post(stream()).clone(), new Request(post(stream()))];

    const requests = await Promise.all([clone, copy].map((each) => withBodyInMemory(fetchRequest(each, {}))));

    expect(requests.map(({ canBodyBeReadAgain }) => canBodyBeReadAgain)).toEqual([false, false]);
  });

  test('does not touch the body of a Request when "init" has another', async () => {
    const given = post('an order');

    const request = await withBodyInMemory(fetchRequest(given, { body: 'another' }));

    expect(request).toMatchObject({ canBodyBeReadAgain: true, init: { body: 'another' } });
    expect(given.bodyUsed).toBe(false);
  });
});

test.each<[NonNullable<RequestInit['headers']>, boolean]>([
  [{}, false],
  [{ 'x-authorization': '1', authorizations: '2' }, false],
  [{ authorization: 'a' }, true],
  [{ AUTHORIZATION: 'a' }, true],
  [[['Authorization', 'a']], true],
  [new Headers({ Authorization: 'a' }), true],
])('finds an Authorization in %p: %p [E12]', (headers, isThere) => {
  expect(hasAuthorization(fetchRequest(url, { headers }).init)).toBe(isThere);
});

test('adds token and proof to the headers of the caller without changing them [E9]', () => {
  const [object, pairs] = [{ a: '1', dpop: 'old' }, [['a', '1']] as [string, string][]];

  const added = [undefined, 'proof'].map((proof) =>
    [object, pairs].map((headers) => headersWith({ headers }, 'Bearer one', proof)),
  );

  expect(added).toEqual([
    [
      { a: '1', dpop: 'old', authorization: 'Bearer one' },
      [
        ['a', '1'],
        ['authorization', 'Bearer one'],
      ],
    ],
    [
      { a: '1', dpop: 'proof', authorization: 'Bearer one' },
      [
        ['a', '1'],
        ['authorization', 'Bearer one'],
        ['dpop', 'proof'],
      ],
    ],
  ]);
  expect([object, pairs]).toEqual([{ a: '1', dpop: 'old' }, [['a', '1']]]);
});
