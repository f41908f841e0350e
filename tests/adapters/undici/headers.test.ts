import { expect, test } from '@jest/globals';

import {
  copyOptions,
  hasAuthorization,
  headerOf,
  headersWith,
  replyHeaders,
  requestHeaders,
} from '../../../src/adapters/undici/headers.js';

test.each<[string, unknown, Record<string, unknown>]>([
  ['nothing', undefined, {}],
  ['null', null, {}],
  ['an object', { a: '1', b: ['2', '3'] }, { a: '1', b: ['2', '3'] }],
  ['names and values in turn', ['a', '1', 'b', '2', 'b', '3'], { a: '1', b: ['2', '3'] }],
  [
    'a list of pairs',
    [
      ['a', '1'],
      ['b', ['2', '3']],
    ],
    { a: '1', b: ['2', '3'] },
  ],
  ['a Map', new Map([['a', '1']]), { a: '1' }],
  ['Headers', new Headers({ A: '1' }), { a: '1' }],
  ['the names of members of objects', ['constructor', '1', '__proto__', '2'], { constructor: '1', ['__proto__']: '2' }],
])('%s becomes an object of its own [E9]', (_what, headers, expected) => {
  const record = requestHeaders(headers);

  expect(Object.entries(record)).toEqual(Object.entries(expected));
  expect(record).not.toBe(headers);
});

test('token and proof are added to an object of its own, also where there was a name without a value [E9]', () => {
  const headers = { a: '1', b: ['2', '3'], c: undefined, authorization: undefined };

  const withToken = headersWith(headers, 'Bearer secret', undefined);
  const withProof = headersWith(headers, 'DPoP secret', 'proof');

  expect(withToken).toEqual({ a: '1', b: ['2', '3'], c: undefined, authorization: 'Bearer secret' });
  expect(withProof).toEqual({ ...headers, authorization: 'DPoP secret', dpop: 'proof' });
  expect(headers).toEqual({ a: '1', b: ['2', '3'], c: undefined, authorization: undefined });
});

test.each([{ path: '/orders', headers: { a: '1' } }, { path: '/orders' }])(
  'a copy of the options %j is an object of its own [E9]',
  (options: { path: string; headers?: unknown }) => {
    const before = structuredClone(options);

    const copy = copyOptions(options);
    copy.headers = { b: '2' };

    expect(copy).toEqual({ path: '/orders', headers: { b: '2' } });
    expect(options).toEqual(before);
  },
);

test.each([
  [{}, false],
  [{ 'x-authorization': '1' }, false],
  [{ authorization: undefined }, false],
  [{ authorization: '' }, true],
  [{ AUTHORIZATION: 'a' }, true],
])('there is an Authorization in %j: %j [E12]', (headers, isThere) => {
  expect(hasAuthorization(headers)).toBe(isThere);
});

test('reads what came over the wire by names in lower case', () => {
  const raw = ['WWW-Authenticate', 'Basic', 'www-authenticate', 'Bearer', 'X-Name', 'J\u00fcrgen'];

  const headers = replyHeaders(raw.map((part) => Buffer.from(part, 'latin1')));

  expect(headerOf(headers, 'WWW-Authenticate')).toBe('Basic,Bearer');
  expect(headerOf(headers, 'x-name')).toBe('J\u00fcrgen');
  expect(headerOf(headers, 'date')).toBeUndefined();
});

test('takes headers that are read already as they are', () => {
  const headers = { 'x-name': 'Eva' };

  expect(replyHeaders(headers)).toBe(headers);
});
