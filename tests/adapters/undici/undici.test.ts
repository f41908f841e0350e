import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';
import { Agent, Client, type Dispatcher, fetch, interceptors, Pool, ProxyAgent } from 'undici';

import { bearerTokenInterceptor, type BearerTokenInterceptorOptions } from '../../../src/adapters/undici/index.js';
import { ConfigurationError } from '../../../src/core/errors.js';
import type { GetTokenOptions, TokenSource } from '../../../src/core/token-source.js';
import { staticToken } from '../../../src/service/static-token.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { leakIn } from '../../support/adapter-leak.js';
import { gate, startSurroundings } from '../../support/adapter-service.js';
import { startUndici } from '../../support/adapter-undici.js';
import { granted } from '../../support/authorization-server.js';
import { cleanUp } from '../../support/clean-up.js';
import { startDpopSurroundings } from '../../support/dpop-service.js';
import { localhostCertificate } from '../../support/grant-certificate.js';
import { type RecordedRequest, startHttpServer } from '../../support/http-server.js';
import { rejected, startResourceServer } from '../../support/resource-server.js';
import { untilRenewed } from '../../support/until.js';

const token = /token-\d/;
const authorizations = (requests: readonly RecordedRequest[]) => requests.map(({ headers }) => headers.authorization);
const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

type Options = Partial<Dispatcher.RequestOptions>;
const get = (origin: string, options: Options = {}): Dispatcher.RequestOptions => ({
  origin,
  path: '/orders',
  method: 'GET',
  ...options,
});

/** A source whose callers wait until they give up. */
function waitingSource() {
  const asked = gate();
  return {
    asked: asked.opened,
    getToken: (_request: unknown, { signal }: GetTokenOptions = {}): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
        asked.open();
      }),
  };
}

test.each<[object, RegExp]>([
  [{}, /"origins" of bearerTokenInterceptor is required/],
  [{ orgins: ['https://api.example.com'] }, /"orgins".*did you mean "origins"/],
  [{ origins: ['http://api.example.com'] }, /"origins".*http:\/\/api\.example\.com.*https/],
  [{ origins: ['https://api.example.com'], isRejected: true }, /"isRejected".*function/],
])('refuses the options %j [F10 E20 R-27]', (options, message) => {
  const make = (): unknown => bearerTokenInterceptor(staticToken('key'), options as BearerTokenInterceptorOptions);

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});

describe('the headers of a request', () => {
  test.each<[string, Dispatcher.RequestOptions['headers']]>([
    ['an object', { 'X-Tenant': 'blue', 'x-roles': ['a', 'b'] }],
    ['a list', ['X-Tenant', 'blue', 'x-roles', 'a', 'x-roles', 'b']],
    [
      'a Map',
      new Map<string, string | string[]>([
        ['X-Tenant', 'blue'],
        ['x-roles', ['a', 'b']],
      ]),
    ],
    [
      'a list of pairs',
      [
        ['X-Tenant', 'blue'],
        ['x-roles', ['a', 'b']],
      ] as never,
    ],
    ['Headers', new Headers({ 'X-Tenant': 'blue', 'x-roles': 'a, b' })],
  ])('are sent unchanged, in %s, and the originals stay without the token', async (_what, headers) => {
    const { dispatcher, api } = await startUndici();

    const { body } = await dispatcher.request(get(api.origin, { headers: headers ?? null }));
    await body.dump();

    expect(api.requests[0]?.headers).toMatchObject({
      'x-tenant': 'blue',
      'x-roles': 'a, b',
      authorization: 'Bearer token-1',
    });
    expect(leakIn(headers, token)).toBeUndefined();
  });

  test.each<[string, Dispatcher.RequestOptions['headers']]>([
    ['an object', { AUTHORIZATION: 'ApiKey 7' }],
    ['a list', ['Authorization', 'ApiKey 7']],
    ['a Map', new Map([['authorization', 'ApiKey 7']])],
  ])('get no token if %s has an Authorization [E12 R-31]', async (_what, headers) => {
    const { dispatcher, api, authorizationServer } = await startUndici();

    const { body } = await dispatcher.request(get(api.origin, { headers: headers ?? null }));
    await body.dump();

    expect(authorizations(api.requests)).toEqual(['ApiKey 7']);
    expect(authorizationServer.grants).toHaveLength(0);
  });

  test('may have an Authorization that is undefined [E12]', async () => {
    const { dispatcher, api } = await startUndici();

    const { body } = await dispatcher.request(get(api.origin, { headers: { authorization: undefined } }));
    await body.dump();

    expect(authorizations(api.requests)).toEqual(['Bearer token-1']);
  });
});

describe('the origin', () => {
  test('of a request decides, as a text or as a URL [E11]', async () => {
    const { dispatcher, api } = await startUndici();
    const other = await startResourceServer();

    for (const origin of [api.origin, `${api.origin}/`, new URL(api.origin), other.origin, new URL(other.origin)]) {
      const { body } = await dispatcher.request(get('', { origin }));
      await body.dump();
    }

    expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1']);
    expect(authorizations(other.requests)).toEqual([undefined, undefined]);
  });

  test.each<[string, (origin: string) => Dispatcher]>([
    ['Client', (origin) => new Client(origin)],
    ['Pool', (origin) => new Pool(origin)],
  ])('is required in a request to a %s, which does not expose it [E11 R-65]', async (_what, makeDispatcher) => {
    const { dispatcher, api } = await startUndici({}, { makeDispatcher });
    const { origin: _, ...unnamed } = get(api.origin);

    const { statusCode, body } = await dispatcher.request(get(api.origin));
    await body.dump();
    const failure = await failureOf(dispatcher.request(unnamed));

    expect(statusCode).toBe(200);
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(failure).toMatchObject({ message: expect.stringMatching(/"origin" is missing/) });
    expect(api.requests).toHaveLength(1);
  });
});

test('sends the options as they were at the time of the call [E11 E9]', async () => {
  const { dispatcher, api } = await startUndici();
  const other = await startResourceServer();
  const [origin, headers] = [new URL(api.origin), { 'x-tenant': 'blue' }];
  const options = get('', { origin, headers });

  const reply = dispatcher.request(options);
  origin.host = new URL(other.origin).host;
  headers['x-tenant'] = 'green';
  Object.assign(options, { origin: other.origin, path: '/others' });
  await (await reply).body.dump();

  expect(api.requests).toMatchObject([{ path: '/orders', headers: { 'x-tenant': 'blue' } }]);
  expect(other.requests).toEqual([]);
});

test('resends the same request, although an inner interceptor changed it [E9]', async () => {
  const { tokens, api } = await startSurroundings();
  api.revoke('token-1');
  const agent = new Agent();
  cleanUp(() => agent.destroy());
  const below: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    const headers = options.headers as Record<string, string>;
    headers['x-via'] = `${headers['x-via'] ?? ''}below`;
    return dispatch(Object.assign(options, { path: `/v1${options.path}` }), handler);
  };

  const ours = bearerTokenInterceptor(tokens, { origins: [api.origin] });
  const { body } = await agent.compose(below, ours).request(get(api.origin));
  await body.dump();

  expect(api.requests.map(({ path, headers }) => [path, headers['x-via']])).toEqual([
    ['/v1/orders', 'below'],
    ['/v1/orders', 'below'],
  ]);
});

test('calls the function "tokenRequest" with the outgoing request [E21]', async () => {
  const { dispatcher, api, authorizationServer } = await startUndici({
    tokenRequest: ({ path }) => ({ parameters: { tenant: path.slice(1) } }),
  });

  for (const path of ['/blue', '/green']) await (await dispatcher.request(get(api.origin, { path }))).body.dump();

  const tenants = authorizationServer.grants.map(({ body }) => new URLSearchParams(body).get('tenant'));
  expect(tenants).toEqual(['blue', 'green']);
});

test('sends nothing if the function "tokenRequest" throws [E13]', async () => {
  const { dispatcher, api } = await startUndici({
    tokenRequest: () => {
      throw new Error('no tenant');
    },
  });

  await expect(dispatcher.request(get(api.origin))).rejects.toThrow('no tenant');

  expect(api.requests).toEqual([]);
});

describe('with undici’s retry interceptor [E18]', () => {
  const retry = interceptors.retry({ maxRetries: 1, minTimeout: 1, statusCodes: [503] });

  test('outside, there is one resend in all, and the retries have the new token', async () => {
    const { dispatcher, api } = await startUndici({}, { above: [retry] });
    let answers = 0;
    api.answer(({ headers }) => {
      answers += 1;
      if (headers.authorization === 'Bearer token-1') return rejected();
      return answers === 2 ? { status: 503 } : { body: 'done' };
    });

    const { body } = await dispatcher.request(get(api.origin));

    expect(await body.text()).toBe('done');
    expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
  });

  test('inside, there is one resend in all, too', async () => {
    const { tokens, api } = await startSurroundings();
    const agent = new Agent();
    cleanUp(() => agent.destroy());
    api.answer(() => rejected());
    const dispatcher = agent.compose(retry, bearerTokenInterceptor(tokens, { origins: [api.origin] }));

    const { statusCode, body } = await dispatcher.request(get(api.origin));

    expect(statusCode).toBe(401);
    expect(await body.text()).toBe('{"error":"no"}');
    expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test('outside, an aborted wait for a token is not retried', async () => {
    const { asked, getToken } = waitingSource();
    let dispatched = 0;
    const agent = new Agent();
    cleanUp(() => agent.destroy());
    const ours = bearerTokenInterceptor(
      { getToken },
      { origins: ['https://api.example.com'], tokenRequest: () => ({ scope: `s${(dispatched += 1)}` }) },
    );
    const dispatcher = agent.compose(ours, interceptors.retry({ maxRetries: 3, minTimeout: 1 }));
    const caller = new AbortController();

    const failure = failureOf(dispatcher.request(get('https://api.example.com', { signal: caller.signal })));
    await asked;
    caller.abort(new Error('gone'));

    expect(await failure).toMatchObject({ message: 'gone' });
    expect(dispatched).toBe(1);
  });
});

test('ends the wait for a token if an emitter is the signal and aborts, and removes the listener [E19]', async () => {
  const { asked, getToken } = waitingSource();
  const agent = new Agent();
  cleanUp(() => agent.destroy());
  const dispatcher = agent.compose(bearerTokenInterceptor({ getToken }, { origins: ['https://api.example.com'] }));
  const caller = new EventEmitter();

  const failure = failureOf(
    dispatcher.stream(get('https://api.example.com', { signal: caller }), () => new PassThrough()),
  );
  await asked;
  caller.emit('abort');

  expect(await failure).toMatchObject({ message: expect.stringMatching(/abort/) });
  expect(caller.listenerCount('abort')).toBe(0);
});

test('a request fails with the error that "isRejected" throws', async () => {
  const { dispatcher, api } = await startUndici({
    isRejected: () => {
      throw new Error('a fault of the caller');
    },
  });
  const caller = new EventEmitter();

  await expect(dispatcher.request(get(api.origin, { signal: caller }))).rejects.toThrow('a fault of the caller');

  // undici has a listener of its own.
  expect(caller.listenerCount('abort')).toBe(0);
});

test.each<[string, () => unknown]>([
  ['a promise', () => Promise.resolve(true)],
  ['a number', () => 1],
])('accepts %s as the result of "isRejected", as the other adapters do [E25]', async (_what, verdict) => {
  const { dispatcher, api } = await startUndici({ isRejected: verdict as () => boolean });

  await dispatcher.request(get(api.origin)).then(({ body }) => body.dump());

  expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('resends if "isRejected" returns true by the status and the headers [E25]', async () => {
  const seen: unknown[] = [];
  const { dispatcher, api } = await startUndici({
    isRejected: ({ statusCode, headers }) => {
      seen.push([statusCode, headers['x-reason'], headers['set-cookie']]);
      return statusCode === 403;
    },
  });
  const answer = { status: 403, headers: { 'X-Reason': 'J\u00fcrgen', 'Set-Cookie': ['a', 'b'] } };
  api.answer(({ headers }) => (headers.authorization === 'Bearer token-1' ? answer : { body: 'done' }));

  const { body } = await dispatcher.request(get(api.origin));

  expect(await body.text()).toBe('done');
  expect(seen).toEqual([[403, 'J\u00fcrgen', ['a', 'b']]]);
});

test('delivers informational responses, trailers and header names as received [R-39]', async () => {
  const { dispatcher, api } = await startUndici();
  api.revoke('token-1');
  api.answer(({ headers }, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    if (headers.authorization === 'Bearer token-1') return rejected();
    response.writeHead(200, { Trailer: 'X-Checksum', 'X-Case': 'kept' });
    response.write('done');
    response.addTrailers({ 'X-Checksum': '7' });
    response.end();
    return undefined;
  });
  const infos: number[] = [];

  const reply = await dispatcher.request(
    get(api.origin, { onInfo: ({ statusCode }) => infos.push(statusCode), responseHeaders: 'raw' }),
  );

  expect(await reply.body.text()).toBe('done');
  expect(reply.trailers).toEqual({ 'x-checksum': '7' });
  expect(reply.headers).toEqual(expect.arrayContaining(['X-Case', 'kept']));
  expect(infos).toEqual([103, 103]);
});

describe('the other methods of a dispatcher [E1 E8]', () => {
  test('"stream" gets only the final response', async () => {
    const { dispatcher, api } = await startUndici();
    api.revoke('token-1');
    const statuses: number[] = [];
    const written = new PassThrough();

    await dispatcher.stream(get(api.origin, { method: 'POST', body: 'an order' }), ({ statusCode }) => {
      statuses.push(statusCode);
      return written;
    });

    expect(statuses).toEqual([200]);
    expect(await text(written)).toContain('an order');
    expect(api.requests).toHaveLength(2);
  });

  test('"pipeline" sends its stream once; the next one has another token', async () => {
    const { dispatcher, api, tokens } = await startUndici();
    api.revoke('token-1');
    const run = async (): Promise<number> => {
      let status = 0;
      const duplex = dispatcher.pipeline(get(api.origin, { method: 'POST' }), ({ statusCode, body }) => {
        status = statusCode;
        return body;
      });
      duplex.end('an order');
      await text(duplex);
      return status;
    };

    const first = await run();
    await untilRenewed(tokens);
    const second = await run();

    expect([first, second]).toEqual([401, 200]);
    expect(api.requests.map(({ body }) => body)).toEqual(['an order', 'an order']);
  });

  test('a synchronous generator is not sent twice either', async () => {
    const { dispatcher, api, events } = await startUndici();
    api.revoke('token-1');
    function* parts(): Generator<Buffer> {
      yield Buffer.from('an order');
    }

    const { statusCode, body } = await dispatcher.request(get(api.origin, { method: 'POST', body: parts() as never }));
    await body.dump();

    expect(statusCode).toBe(401);
    expect(events).toMatchObject([{ reason: 'body cannot be sent twice' }]);
  });
});

test('an upgrade has a token, and is resent with another one after a 401 [E16]', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer().on('upgrade', ({ headers }: IncomingMessage, socket: Socket) => {
    seen.push(headers.authorization);
    socket.end(
      headers.authorization === 'Bearer token-1'
        ? 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'
        : 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\nhello',
    );
  });
  const { origin } = await listening(server);
  const { dispatcher } = await startUndici({ origins: [origin] });

  const { socket } = await dispatcher.upgrade({ ...get(origin), protocol: 'chat' });

  expect(await text(socket)).toBe('hello');
  expect(seen).toEqual(['Bearer token-1', 'Bearer token-2']);
});

describe('over one connection [E14]', () => {
  const oneConnection = { makeDispatcher: (origin: string) => new Pool(origin, { connections: 1 }) };

  test('requests continue after a 401, also if its body never ends', async () => {
    const { dispatcher, api } = await startUndici({}, oneConnection);
    const closed = gate();
    api.answer(({ headers, path }, response) => {
      if (headers.authorization !== 'Bearer token-1') return { body: path };
      if (path === '/short') return rejected();
      response.on('close', closed.open);
      response.writeHead(401);
      response.write('no '.repeat(1_000));
      return undefined;
    });

    const replies = await Promise.all(
      ['/short', '/endless', '/short'].map(async (path) => {
        const { body } = await dispatcher.request(get(api.origin, { path, method: 'POST', body: 'an order' }));
        return body.text();
      }),
    );

    expect(replies).toEqual(['/short', '/endless', '/short']);
    await closed.opened;
  });

  test('a 401 that is the result is delivered completely to a slow reader', async () => {
    const { dispatcher, api } = await startUndici({ resend: 'never' }, oneConnection);
    const long = 'no '.repeat(1_000_000);
    api.answer(() => ({ ...rejected(), body: long }));
    let written = '';
    const slow = new Writable({
      highWaterMark: 1_000,
      write(chunk, _encoding, done) {
        written += String(chunk);
        setImmediate(done);
      },
    });

    await dispatcher.stream(get(api.origin), () => slow);

    expect(written === long).toBe(true);
  });

  test('a 401 that is the result and breaks off is delivered up to that point', async () => {
    const { dispatcher, api } = await startUndici({ resend: 'never' }, oneConnection);
    api.answer((_request, response) => {
      response.writeHead(401, { 'content-length': 100 });
      response.write('half', () => setImmediate(() => response.destroy()));
      return undefined;
    });

    const { statusCode, body } = await dispatcher.request(get(api.origin));

    expect(statusCode).toBe(401);
    await expect(body.text()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
  });

  test('a caller that throws for a 401 gets its own error, and other requests continue', async () => {
    const { dispatcher, api, tokens } = await startUndici({ resend: 'never' }, oneConnection);
    api.answer(({ headers }) => (headers.authorization === 'Bearer token-1' ? rejected() : { body: 'done' }));

    const failure = await failureOf(
      dispatcher.stream(get(api.origin), () => {
        throw new Error('not this one');
      }),
    );
    await untilRenewed(tokens);
    const { body } = await dispatcher.request(get(api.origin));

    expect(failure).toMatchObject({ message: 'not this one' });
    expect(await body.text()).toBe('done');
  });
});

test('no token is in a response, its stream, or an error [F4 R-25]', async () => {
  const { dispatcher, api } = await startUndici();
  api.answer(({ path }, response) => {
    if (path === '/reset') response.destroy();
    return path === '/reset' ? undefined : { body: 'done' };
  });

  const reply = await dispatcher.request(get(api.origin));
  const failure = await failureOf(dispatcher.request(get(api.origin, { path: '/reset' })));

  expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-1']);
  expect(failure).toMatchObject({ code: 'UND_ERR_SOCKET' });
  expect(leakIn([reply.headers, reply.context, reply.opaque], token)).toBeUndefined();
  expect(leakIn(failure, token)).toBeUndefined();
  await reply.body.dump();
});

test('works with HTTP/2, where a 401 does not reset the connection', async () => {
  const sessions = new Set<unknown>();
  const server = createSecureServer(localhostCertificate, (request, response) => {
    sessions.add(request.stream.session);
    const isRejected = request.headers.authorization === 'Bearer token-1';
    response.writeHead(isRejected ? 401 : 200).end(`${request.httpVersion} ${isRejected ? 'no' : 'yes'}`);
  });
  const { port } = await listening(server);
  const origin = `https://localhost:${port}`;
  const makeDispatcher = () => new Agent({ allowH2: true, connections: 1, connect: { ca: localhostCertificate.cert } });
  const { dispatcher } = await startUndici({ origins: [origin] }, { makeDispatcher });

  const replies = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const { body } = await dispatcher.request(get(origin, { method: 'POST', body: 'an order' }));
      return body.text();
    }),
  );
  await dispatcher.close();

  expect(replies).toEqual(['2.0 yes', '2.0 yes', '2.0 yes']);
  expect(sessions.size).toBe(1);
});

describe('a body that is an async iterator, as "fetch" of undici makes of each body', () => {
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('an ');
    yield await Promise.resolve(Buffer.from('order'));
  }
  const post = (origin: string, body: unknown, length?: string): Dispatcher.RequestOptions =>
    get(origin, {
      method: 'POST',
      body: body as Readable,
      headers: length === undefined ? {} : { 'content-length': length },
    });

  test('is resent when it is short [E1 E9]', async () => {
    const { dispatcher, api } = await startUndici();
    api.revoke('token-1');

    const { statusCode, body } = await dispatcher.request(post(api.origin, parts(), '8'));
    await body.dump();

    expect(statusCode).toBe(200);
    expect(api.requests.map((request) => request.body)).toEqual(['an order', 'an order']);
  });

  test.each<[string, () => unknown, string | undefined]>([
    ['it is of unknown length', parts, undefined],
    ['it is a Node stream', () => Readable.from(['an order']), '8'],
    ['its length is no number', parts, 'short'],
  ])('is sent once when %s [E8]', async (_what, body, length) => {
    const { dispatcher, api, events } = await startUndici();
    api.revoke('token-1');
    const isSent = length !== 'short';

    const outcome = await dispatcher.request(post(api.origin, body(), length)).catch((error: unknown) => error);

    expect(api.requests).toHaveLength(isSent ? 1 : 0);
    if (isSent) await (outcome as Dispatcher.ResponseData).body.dump();
    expect(events).toMatchObject(isSent ? [{ reason: 'body cannot be sent twice' }] : []);
  });

  test('is sent once when it is longer than 1 MiB [E8]', async () => {
    const { dispatcher, api, events } = await startUndici();
    api.revoke('token-1');
    async function* long(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.alloc(1_048_577));
    }

    const { body } = await dispatcher.request(post(api.origin, long(), '1048577'));
    await body.dump();

    expect(api.requests).toHaveLength(1);
    expect(events).toMatchObject([{ reason: 'body cannot be sent twice' }]);
  });
});

describe('with undici’s redirect interceptor inside', () => {
  const below = [interceptors.redirect({ maxRedirections: 3 })];

  test.each<[string, number]>([
    ['of the same origin rejects the token', 2],
    ['of another origin does not', 1],
  ])('a 401 %s [E11 R-37]', async (what, grants) => {
    const { dispatcher, api, authorizationServer } = await startUndici({}, { below });
    const other = await startResourceServer();
    const to = what.startsWith('of the same') ? api : other;
    api.answer(({ path }) =>
      path === '/orders' ? { status: 307, headers: { location: `${to.origin}/moved` } } : rejected(),
    );

    const { statusCode, body } = await dispatcher.request(get(api.origin));
    await body.dump();

    expect(statusCode).toBe(401);
    expect(authorizationServer.grants).toHaveLength(grants);
    expect(authorizations(other.requests).filter((value) => value !== undefined)).toEqual([]);
  });

  test.each<[string, (origin: string) => string | URL]>([
    ['a URL', (origin) => new URL(origin)],
    ['a text with a slash', (origin) => `${origin}/`],
  ])('a redirect within an origin that is given as %s keeps the token [R-42]', async (_what, as) => {
    const { dispatcher, api } = await startUndici({}, { below });
    api.answer(({ path, headers }) =>
      path === '/orders' ? { status: 307, headers: { location: '/moved' } } : { body: headers.authorization ?? '' },
    );

    const { body } = await dispatcher.request({ ...get(api.origin), origin: as(api.origin) });

    expect(await body.text()).toBe('Bearer token-1');
  });

  test('a request with a proof is not redirected: the proof is for one URL [R-42]', async () => {
    const { tokens, api } = await startDpopSurroundings();
    api.answer(() => ({ status: 307, headers: { location: '/moved' } }));
    const agent = new Agent();
    cleanUp(() => agent.destroy());
    const dispatcher = agent.compose(...below, bearerTokenInterceptor(tokens, { origins: [api.origin] }));

    const { statusCode, body } = await dispatcher.request(get(api.origin));
    await body.dump();

    expect(statusCode).toBe(307);
    expect(api.requests).toHaveLength(1);
  });
});

test('frees the connection and fails with the error of the source if the renewal fails [E13 E14]', async () => {
  const api = await startResourceServer();
  const closed = gate();
  api.answer((_request, response) => {
    response.on('close', closed.open);
    response.writeHead(401);
    response.write('no');
    return undefined;
  });
  const pool = new Pool(api.origin, { connections: 1 });
  cleanUp(() => pool.destroy());
  const first = staticToken('key');
  const tokens: TokenSource = {
    getToken: (request, options) =>
      options?.replacing === undefined ? first.getToken(request) : Promise.reject(new Error('no other token')),
  };
  const dispatcher = pool.compose(bearerTokenInterceptor(tokens, { origins: [api.origin] }));

  await expect(dispatcher.request(get(api.origin))).rejects.toThrow('no other token');

  await closed.opened;
});

test('passes on an error that the token source throws synchronously, and sends nothing [E13]', async () => {
  const api = await startResourceServer();
  const agent = new Agent();
  cleanUp(() => agent.destroy());
  const tokens = {
    getToken() {
      throw new Error('synchronous');
    },
  };
  const dispatcher = agent.compose(bearerTokenInterceptor(tokens, { origins: [api.origin] }));

  await expect(dispatcher.request(get(api.origin))).rejects.toThrow('synchronous');

  expect(api.requests).toEqual([]);
});

test('of two interceptors on one dispatcher only the outer one adds a token [E18]', async () => {
  const [one, two] = [await startSurroundings(), await startSurroundings()];
  const { origin } = one.api;
  const agent = new Agent();
  cleanUp(() => agent.destroy());
  const [below, above] = [one, two].map(({ tokens }) => bearerTokenInterceptor(tokens, { origins: [origin] }));
  one.api.answer(() => rejected());

  const { statusCode, body } = await agent.compose(below as never, above as never).request(get(origin));
  await body.dump();

  expect(statusCode).toBe(401);
  expect([one, two].map(({ authorizationServer }) => authorizationServer.grants.length)).toEqual([0, 2]);
  expect(one.api.requests).toHaveLength(2);
});

test('a token request can use the same connection while a short 401 is held [E14]', async () => {
  let grants = 0;
  const { origin, requests } = await startHttpServer(({ path, headers }) => {
    if (path === '/token') return granted(`token-${(grants += 1)}`);
    return headers.authorization === 'Bearer token-1' ? rejected() : { body: 'done' };
  });
  const pool = new Pool(origin, { connections: 1 });
  cleanUp(() => pool.destroy());
  const tokens = createTokenService({
    tokenEndpoint: `${origin}/token`,
    clientId: 'orders',
    clientSecret: 'secret',
    fetch: (url, init) => fetch(url as string, { ...init, dispatcher: pool } as never),
  });
  const dispatcher = pool.compose(bearerTokenInterceptor(tokens, { origins: [origin] }));

  const { body } = await dispatcher.request(get(origin));

  expect(await body.text()).toBe('done');
  expect(requests.map(({ path }) => path)).toEqual(['/token', '/orders', '/token', '/orders']);
});

test('works through a proxy', async () => {
  const tunnels: string[] = [];
  const proxy = createServer().on('connect', ({ url = '' }: IncomingMessage, socket: Socket) => {
    tunnels.push(url);
    const [host, port] = url.split(':');
    const onward = connect(Number(port), host);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(onward).pipe(socket);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const { origin: uri } = await listening(proxy);
  const { dispatcher, api } = await startUndici(
    {},
    { makeDispatcher: () => new ProxyAgent({ uri, proxyTunnel: true }) },
  );
  api.revoke('token-1');

  const { statusCode, body } = await dispatcher.request(get(api.origin, { method: 'POST', body: 'an order' }));
  await body.dump();

  expect(statusCode).toBe(200);
  expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(new Set(tunnels)).toEqual(new Set([new URL(api.origin).host]));
});

/** Listens on a free port until the test ends. */
async function listening(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
  close(): unknown;
}): Promise<{ origin: string; port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, port };
}
