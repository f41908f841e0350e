import { describe, expect, test } from '@jest/globals';

import { withBearerToken } from '../../../src/adapters/fetch/index.js';
import { staticToken } from '../../../src/service/static-token.js';
import { startFetch } from '../../support/adapter-fetch.js';
import { failureOf } from '../../support/grant-outcome.js';
import type { RecordedRequest } from '../../support/http-server.js';
import { rejected, startResourceServer } from '../../support/resource-server.js';

const origin = 'https://api.example.com';
const url = `${origin}/v1/orders?limit=1#first`;

const authorizations = (requests: readonly RecordedRequest[]) => requests.map(({ headers }) => headers.authorization);

/** Sends a request by a `fetch` whose first response is a redirect; the calls of that `fetch`, and the last response. */
async function redirect(
  { status = 302, location }: { status?: number; location?: string },
  ...[input = url, init]: Partial<Parameters<typeof fetch>>
) {
  const calls: { url: string; init: RequestInit; headers: Headers }[] = [];
  const recording: typeof fetch = (to, options = {}) => {
    const asked = typeof to === 'object' && 'url' in to ? to.url : String(to);
    calls.push({ url: asked, init: options, headers: new Headers(options.headers) });
    const headers = location === undefined ? {} : { location };
    return Promise.resolve(calls.length === 1 ? new Response(null, { status, headers }) : new Response('here'));
  };
  const response = await withBearerToken(recording, staticToken('key'), { origins: [origin] })(input, init);
  return { calls, response, last: calls.at(-1) as (typeof calls)[number] };
}

describe('a response [E11]', () => {
  test.each([301, 302, 303, 307, 308])('with the status %d redirects, with the token', async (status) => {
    const { calls, response } = await redirect({ status, location: '/moved' });

    expect(calls.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer key', 'Bearer key']);
    expect([await response.text(), response.redirected]).toEqual(['here', true]);
  });

  test.each([300, 304, 201])('with the status %d does not redirect', async (status) => {
    const { calls, response } = await redirect({ status, location: '/moved' });

    expect(calls).toHaveLength(1);
    expect([response.status, response.redirected]).toEqual([status, false]);
  });

  test('without a location does not redirect', async () => {
    const { calls, response } = await redirect({});

    expect(calls).toHaveLength(1);
    expect(response.status).toBe(302);
  });
});

test.each([
  ['/moved', `${origin}/moved#first`],
  ['moved', `${origin}/v1/moved#first`],
  ['?limit=2', `${origin}/v1/orders?limit=2#first`],
  ['/moved#second', `${origin}/moved#second`],
  ['//other.example.com/moved', 'https://other.example.com/moved#first'],
  ['http://other.example.com/', 'http://other.example.com/#first'],
  [Buffer.from('/bücher', 'utf8').toString('latin1'), `${origin}/b%C3%BCcher#first`],
])('a redirect to %s leads to %s', async (location, target) => {
  const { last } = await redirect({ location });

  expect(last.url).toBe(target);
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
])('after a %d a %s becomes a %s', async (status, method, expected) => {
  const body = ['GET', 'HEAD'].includes(method) ? null : 'an order';
  const headers = { 'content-type': 'text/plain', 'x-tenant': 'blue' };

  const { last } = await redirect({ status, location: '/moved' }, url, { method, body, headers });

  const isKept = expected !== 'GET' || body === null;
  expect(last.init.method).toBe(expected);
  expect(last.init.body).toBe(isKept ? body : null);
  expect(last.headers.get('content-type')).toBe(isKept ? 'text/plain' : null);
  expect(last.headers.get('x-tenant')).toBe('blue');
});

test('a redirect within the origin keeps cookies and proxy credentials, to another origin it does not [R-42]', async () => {
  const headers = { cookie: 'a=1', 'proxy-authorization': 'Basic b', 'x-tenant': 'blue' };

  const [same, other] = await Promise.all(
    ['/moved', 'https://api.example.com:8443/'].map((location) => redirect({ location }, url, { headers })),
  );

  expect(Object.fromEntries(same?.last.headers ?? [])).toEqual({ ...headers, authorization: 'Bearer key' });
  expect(Object.fromEntries(other?.last.headers ?? [])).toEqual({ 'x-tenant': 'blue' });
});

test.each(['ftp://api.example.com/', 'data:text/plain,hello', 'https://', 'javascript:alert(1)'])(
  'a redirect to %s is not followed',
  async (location) => {
    const failure = await failureOf(redirect({ location }));

    expect(failure).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
  },
);

test('a redirect of a stream body is followed only if it drops the body [E8]', async () => {
  const send = (status: number) => {
    const body = new Blob(['an order']).stream();
    return redirect({ status, location: '/moved' }, url, { method: 'POST', body, duplex: 'half' });
  };

  await expect(send(307)).rejects.toThrow('fetch failed');
  expect((await send(303)).last.init.body).toBeNull();
});

test.each<[string, () => NonNullable<RequestInit['body']>]>([
  ['a string', () => 'an order'],
  ['a stream', () => new Blob(['an order']).stream()],
])('a Request with a body from %s follows a redirect, and is resent after a 401 [E1 E9 R-42]', async (_what, body) => {
  const { send, api } = await startFetch();
  api.answer(({ path, headers }) => {
    if (path === '/orders') return { status: 307, headers: { location: '/moved' } };
    return headers.authorization === 'Bearer token-1' ? rejected() : { body: 'here' };
  });
  const headers = { 'content-type': 'text/plain', 'x-tenant': 'blue' };

  const reply = await send(
    new Request(`${api.origin}/orders`, { method: 'PUT', headers, body: body(), duplex: 'half' }),
  );

  expect(await reply.text()).toBe('here');
  expect(api.requests.map(({ method, path, body: sent }) => `${method} ${path} ${sent}`)).toEqual([
    'PUT /orders an order',
    'PUT /moved an order',
    'PUT /moved an order',
  ]);
  expect(api.requests.at(-1)?.headers).toMatchObject({ ...headers, 'content-length': '8' });
});

describe('redirects [E11 R-42]', () => {
  test('send no token to another origin, even if "fetch" keeps all headers', async () => {
    const { send, api } = await startFetch({}, careless);
    const other = await startResourceServer();
    other.answer(() => ({ body: 'there' }));
    api.answer(() => ({ status: 302, headers: { location: `${other.origin}/moved` } }));

    const reply = await send(`${api.origin}/orders`);

    expect(await reply.text()).toBe('there');
    expect(authorizations(other.requests)).toEqual([undefined]);
  });

  test('send no token after they have left the origin, also if they return to it', async () => {
    const { send, api } = await startFetch();
    const other = await startResourceServer();
    other.answer(() => ({ status: 302, headers: { location: `${api.origin}/back` } }));
    api.answer(({ path }) =>
      path === '/back' ? { body: 'here' } : { status: 302, headers: { location: `${other.origin}/moved` } },
    );

    const reply = await send(`${api.origin}/orders`);

    expect(await reply.text()).toBe('here');
    expect(authorizations(api.requests)).toEqual(['Bearer token-1', undefined]);
  });

  test('set "url" and "redirected" of the response', async () => {
    const { send, api } = await startFetch();
    api.answer(({ path }) => (path === '/a' ? { status: 308, headers: { location: '/b?c=d' } } : { body: 'here' }));

    const [direct, moved] = [await send(`${api.origin}/b`), await send(`${api.origin}/a`)];

    expect([direct.redirected, moved.redirected]).toEqual([false, true]);
    expect(moved.url).toBe(`${api.origin}/b?c=d`);
  });

  test('are not followed with the redirect modes "manual" and "error"', async () => {
    const { send, api } = await startFetch();
    api.answer(() => ({ status: 302, headers: { location: '/moved' } }));

    const { status } = await send(`${api.origin}/orders`, { redirect: 'manual' });
    const failure = await failureOf(send(new Request(`${api.origin}/orders`, { redirect: 'error' })));

    expect(status).toBe(302);
    expect(failure).toMatchObject({ message: 'fetch failed' });
    expect(api.requests).toHaveLength(2);
  });

  test('in a circle end in an error', async () => {
    const { send, api } = await startFetch();
    api.answer(() => ({ status: 302, headers: { location: '/again' } }));

    const failure = await failureOf(send(`${api.origin}/orders`));

    expect(failure).toMatchObject({ name: 'TypeError', cause: { message: expect.stringContaining('too often') } });
    expect(api.requests).toHaveLength(21);
  });

  test('that "fetch" itself follows to another origin do not reject the token [R-37]', async () => {
    const disobedient: typeof fetch = (input, init) => fetch(input, { ...init, redirect: 'follow' });
    const { send, api, authorizationServer } = await startFetch({}, disobedient);
    const other = await startResourceServer();
    api.answer(() => ({ status: 302, headers: { location: `${other.origin}/moved` } }));

    const { status } = await send(`${api.origin}/orders`);

    expect(status).toBe(401);
    expect(authorizations(other.requests)).toEqual([undefined]);
    expect(authorizationServer.grants).toHaveLength(1);
  });
});

/** A `fetch` that takes all headers along to wherever it is redirected. */
const careless: typeof fetch = async (input, init) => {
  const reply = await fetch(input, { ...init, redirect: 'manual' });
  const location = reply.headers.get('location');
  return location === null || init?.redirect === 'manual' ? reply : careless(location, init);
};
