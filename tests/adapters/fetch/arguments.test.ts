import { describe, expect, test } from '@jest/globals';
import { Headers as UndiciHeaders } from 'undici';

import { startFetch } from '../../support/adapter-fetch.js';
import type { RecordedRequest } from '../../support/http-server.js';
import { startResourceServer } from '../../support/resource-server.js';

type Arguments = readonly [input: unknown, init?: unknown];

/** What a request looks like at the server; its authorization aside. */
const comparable = ({ headers, ...rest }: RecordedRequest): object => ({
  ...rest,
  headers: { ...headers, authorization: undefined },
});

/** What the server gets of one call, once by `fetch` itself and once by ours. The arguments are made for each of them. */
async function sendBoth(makeArguments: (origin: string) => Arguments) {
  const { send, api } = await startFetch();
  const other = await startResourceServer();
  api.answer(({ path }) => (path === '/moved' ? { status: 302, headers: { location: '/end' } } : { body: 'done' }));
  const outcomeOf = (sender: (...given: never) => Promise<Response>): Promise<unknown> =>
    sender(...(makeArguments(api.origin) as never)).then(
      ({ status, redirected }) => ({ status, redirected }),
      ({ name }: Error) => name,
    );

  const expected = await outcomeOf(fetch);
  const expectedRequests = [...api.requests, ...other.requests];
  const outcome = await outcomeOf(send);
  const requests = [...api.requests, ...other.requests].slice(expectedRequests.length);
  return { outcome, expected, requests, expectedRequests };
}

class Getters {
  get method() {
    return 'PUT';
  }
  get body() {
    return 'an order';
  }
  get headers() {
    return { 'x-tenant': 'blue' };
  }
  get redirect() {
    return 'manual';
  }
}

class Subclass extends URL {
  readonly url = 'http://127.0.0.1:9/elsewhere';
}

class Spelled {
  readonly url = 'http://127.0.0.1:9/elsewhere';
  readonly method = 'DELETE';
  readonly headers = { 'x-tenant': 'green' };
  readonly body = 'no order';
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

class SubRequest extends Request {
  override toString(): string {
    return 'a request';
  }
}

const plain = { method: 'PUT', body: 'an order', headers: { 'x-tenant': 'blue' } };
const put = (url: string, init: RequestInit = {}): Request => new Request(url, { ...plain, ...init });

function* pairs(): Generator<[string, string]> {
  yield ['x-tenant', 'blue'];
  yield ['X-Roles', 'a'];
  yield ['x-roles', 'b'];
}
const inherited = (prototype: object, own: object = {}): unknown =>
  Object.assign(Object.create(prototype) as object, own);

const calls: [string, (origin: string) => Arguments][] = [
  ['a Request as init', (origin) => [`${origin}/orders`, put('http://127.0.0.1:9/')]],
  [
    'a Request without a body as init',
    (origin) => [`${origin}/orders`, new Request(origin, { headers: plain.headers })],
  ],
  ['a Request as init whose redirect is manual', (origin) => [`${origin}/moved`, put(origin, { redirect: 'manual' })]],
  ['a Request as init that is aborted', (origin) => [`${origin}/orders`, put(origin, { signal: AbortSignal.abort() })]],
  ['two Requests', (origin) => [put(`${origin}/orders`), new Request(origin, { method: 'POST', body: 'other' })]],
  ['two Requests, the second one without a body', (origin) => [put(`${origin}/orders`), new Request(origin)]],
  ['a Request with its own "toString"', (origin) => [new SubRequest(`${origin}/orders`, plain)]],
  ['a Request and an instance of a class', (origin) => [new Request(`${origin}/orders`), new Getters()]],
  ['an init of getters of a class', (origin) => [`${origin}/moved`, new Getters()]],
  ['an init that inherits all', (origin) => [`${origin}/orders`, inherited(plain)]],
  ['an init that inherits some', (origin) => [`${origin}/orders`, inherited(plain, { body: 'another' })]],
  ['an init that inherits getters', (origin) => [`${origin}/orders`, Object.create(new Getters())]],
  ['an init that inherits nothing', (origin) => [`${origin}/orders`, inherited(Object(null) as object, plain)]],
  [
    'an init without a prototype',
    (origin) => [`${origin}/orders`, Object.assign(Object.create(null) as object, plain)],
  ],
  ['an init that is a function', (origin) => [`${origin}/orders`, Object.assign(() => undefined, plain)]],
  ['an init that is a text', (origin) => [`${origin}/orders`, 'PUT']],
  ['an init that is a number', (origin) => [`${origin}/orders`, 7]],
  ['a method in lower case', (origin) => [`${origin}/orders`, { ...plain, method: 'put' }]],
  ['a method that fetch leaves in lower case', (origin) => [`${origin}/orders`, { method: 'purge' }]],
  ['a URL whose class has a "url"', (origin) => [new Subclass(`${origin}/orders`), plain]],
  ['an object with a "url" and a text', (origin) => [new Spelled(`${origin}/orders`), plain]],
  ['an object with a "url" and a text, alone', (origin) => [new Spelled(`${origin}/orders`)]],
  [
    'an object with a "url" and no text',
    (origin) => [{ url: `${origin}/orders`, method: 'PUT', headers: {}, body: null }],
  ],
  ['a String', (origin) => [Object(`${origin}/orders`), plain]],
];

const headers: [string, () => unknown][] = [
  ['an iterator', () => [...pairs()][Symbol.iterator]()],
  ['a generator', pairs],
  ['a Map', () => new Map(pairs())],
  ['the entries of a Map', () => new Map(pairs()).entries()],
  ['a Set of pairs', () => new Set(pairs())],
  ['a list of iterators', () => [...pairs()].map((pair) => pair.values())],
  ['a list of generators', () => [...pairs()].map(([name, value]) => yielding(name, value))],
  ['a list of Sets', () => [...pairs()].map((pair) => new Set(pair))],
  ['URLSearchParams', () => new URLSearchParams([...pairs()])],
  ['an object that can be iterated', () => ({ [Symbol.iterator]: pairs })],
  ['Headers', () => new Headers([...pairs()])],
  ['Headers of undici', () => new UndiciHeaders([...pairs()])],
  ['an object without a prototype', () => Object.assign(Object.create(null) as object, plain.headers)],
  ['an object that inherits', () => inherited({ 'x-inherited': 'yes' }, plain.headers)],
  ['a list of three', () => [['x-tenant', 'blue', 'green']]],
  ['a list of texts', () => ['ab']],
  ['a text', () => 'x-tenant: blue'],
];

function* yielding(...values: string[]): Generator<string> {
  yield* values;
}

describe('the adapter sends the same as "fetch" for', () => {
  test.each(calls)('%s [E34]', async (_what, makeArguments) => {
    const { outcome, expected, requests, expectedRequests } = await sendBoth(makeArguments);

    expect(outcome).toEqual(expected);
    expect(requests.map(comparable)).toEqual(expectedRequests.map(comparable));
    for (const request of requests) expect(request.headers.authorization).toBe('Bearer token-1');
  });

  test.each(headers)('headers that are %s [E34]', async (_what, makeHeaders) => {
    const { outcome, expected, requests, expectedRequests } = await sendBoth((origin) => [
      `${origin}/orders`,
      { headers: makeHeaders() },
    ]);

    expect(outcome).toEqual(expected);
    expect(requests.map(comparable)).toEqual(expectedRequests.map(comparable));
    for (const request of requests) expect(request.headers.authorization).toBe('Bearer token-1');
  });

  test.each(headers)('headers of a Request without a token that are %s [E34 E12]', async (_what, makeHeaders) => {
    const { outcome, expected, requests, expectedRequests } = await sendBoth((origin) => [
      new Request(`${origin}/orders`),
      { headers: makeHeaders(), tokenRequest: false },
    ]);

    expect(outcome).toEqual(expected);
    expect(requests).toEqual(expectedRequests);
  });

  test.each([
    ['an iterator', () => [['Authorization', 'ApiKey 7']].values()],
    ['a list of iterators', () => [['Authorization', 'ApiKey 7'].values()]],
  ])('an Authorization in %s [E34 E12]', async (_what, makeHeaders) => {
    const { outcome, expected, requests, expectedRequests } = await sendBoth((origin) => [
      `${origin}/orders`,
      { ...plain, headers: makeHeaders() },
    ]);

    expect(outcome).toEqual(expected);
    expect(requests).toEqual(expectedRequests);
    expect(requests).toMatchObject([{ headers: { authorization: 'ApiKey 7' } }]);
  });
});

test('a resend has all members that an init inherits [E34 E9]', async () => {
  const { send, api } = await startFetch();
  api.revoke('token-1');
  const init = inherited({ ...plain, headers: pairs() }) as RequestInit;

  const { status } = await send(`${api.origin}/orders`, init);

  expect(status).toBe(200);
  expect(api.requests.map(({ method, body, headers: sent }) => [method, body, sent['x-tenant']])).toEqual([
    ['PUT', 'an order', 'blue'],
    ['PUT', 'an order', 'blue'],
  ]);
});

test('"tokenRequest" may be inherited, too [E34 E21]', async () => {
  const { send, api, authorizationServer } = await startFetch();

  await send(`${api.origin}/orders`, inherited({ tokenRequest: { scope: 'a' } }) as RequestInit);
  await send(`${api.origin}/orders`, inherited({ tokenRequest: false }) as RequestInit);

  expect(api.requests.map(({ headers: { authorization } }) => authorization)).toEqual(['Bearer token-1', undefined]);
  expect(authorizationServer.grants.map(({ body }) => new URLSearchParams(body).get('scope'))).toEqual(['a']);
});
