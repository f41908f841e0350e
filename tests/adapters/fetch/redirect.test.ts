import { expect, test } from '@jest/globals';

import { type FetchRequest, fetchRequest } from '../../../src/adapters/fetch/fetch-request.js';
import { afterRedirect, asRedirected, redirectOf } from '../../../src/adapters/fetch/redirect.js';

const url = 'https://api.example.com/v1/orders?limit=1#first';
const form = { 'content-type': 'text/plain', 'x-tenant': 'blue' };
const request = (init: RequestInit = {}): FetchRequest => fetchRequest(url, init);

test.each([
  [301, '/moved'],
  [302, '/moved'],
  [303, '/moved'],
  [307, '/moved'],
  [308, '/moved'],
  [300, undefined],
  [304, undefined],
  [201, undefined],
])('a %d redirects to %p', (status, location) => {
  const headers = { location: '/moved' };

  expect(redirectOf(new Response(null, { status, headers }))).toBe(location);
});

test('a redirect may lead to a place with a name of its own', () => {
  const location = Buffer.from('/bücher', 'utf8').toString('latin1');

  expect(redirectOf(new Response(null, { status: 302, headers: { location } }))).toBe('/bücher');
});

test('a redirect without a location is none', () => {
  expect(redirectOf(new Response(null, { status: 302 }))).toBeUndefined();
});

test.each([
  ['/moved', 'https://api.example.com/moved#first'],
  ['moved', 'https://api.example.com/v1/moved#first'],
  ['?limit=2', 'https://api.example.com/v1/orders?limit=2#first'],
  ['/moved#second', 'https://api.example.com/moved#second'],
  ['//other.example.com/moved', 'https://other.example.com/moved#first'],
  ['http://other.example.com/', 'http://other.example.com/#first'],
])('to %s leads to %s', (location, target) => {
  expect(afterRedirect(request(), 302, location)).toMatchObject({ url: target, input: target });
});

test.each([
  [301, 'POST', 'GET'],
  [302, 'post', 'GET'],
  [303, 'POST', 'GET'],
  [303, 'DELETE', 'GET'],
  [303, 'HEAD', 'HEAD'],
  [301, 'PUT', 'PUT'],
  [302, 'DELETE', 'DELETE'],
  [307, 'POST', 'POST'],
  [308, 'PATCH', 'PATCH'],
  [302, 'GET', 'GET'],
])('after a %d a %s becomes a %s', (status, method, expected) => {
  const body = ['GET', 'HEAD'].includes(method) ? null : 'an order';

  const { init } = afterRedirect(request({ method, body, headers: form }), status, '/moved');

  const [isKept, headers] = [expected !== 'GET' || body === null, new Headers(init.headers)];
  expect(init.method).toBe(expected);
  expect(init.body).toBe(isKept ? body : null);
  expect(headers.get('content-type')).toBe(isKept ? 'text/plain' : null);
  expect(headers.get('x-tenant')).toBe('blue');
});

test('to another origin takes no cookie and no credentials for a proxy along, to the same one does [R-42]', () => {
  const headers = { cookie: 'a=1', 'proxy-authorization': 'Basic b', 'x-tenant': 'blue' };

  const [same, other] = ['/moved', 'https://api.example.com:8443/'].map(
    (location) => afterRedirect(request({ headers }), 302, location).init.headers as [string, string][],
  );

  expect(Object.fromEntries(same ?? [])).toEqual(headers);
  expect(Object.fromEntries(other ?? [])).toEqual({ 'x-tenant': 'blue' });
});

test.each(['ftp://api.example.com/', 'data:text/plain,hello', 'https://', 'javascript:alert(1)'])(
  'to %s is not followed',
  (location) => {
    const follow = (): unknown => afterRedirect(request(), 302, location);

    expect(follow).toThrow(expect.objectContaining({ name: 'TypeError', message: 'fetch failed' }));
  },
);

test('is not followed with a body that is a stream, unless that is left behind [E8]', () => {
  const body = new Blob(['an order']).stream();
  const streamed = request({ method: 'POST', body, duplex: 'half' });

  expect(() => afterRedirect(streamed, 307, '/moved')).toThrow('fetch failed');
  expect(afterRedirect(streamed, 303, '/moved').init.body).toBeNull();
});

test('marks a reply as one that came after a redirect', () => {
  const reply = new Response('here');

  expect(asRedirected(reply)).toBe(reply);
  expect(reply.redirected).toBe(true);
});
