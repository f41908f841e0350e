import { Readable } from 'node:stream';
import { inspect } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import type { Resend } from '../../src/adapters/send-authorized.js';
import { AccessToken } from '../../src/core/access-token.js';
import { systemClock } from '../../src/core/clock.js';
import { TokenError } from '../../src/core/errors.js';
import type { EventSink, TokenEvent } from '../../src/core/events.js';
import { dangerouslyAllowHttp, type InsecureUrl } from '../../src/core/insecure-url.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import type { TokenSource } from '../../src/core/token-source.js';
import type { TokenSources } from '../../src/core/token-sources.js';
import { staticToken } from '../../src/service/static-token.js';
import { gate, startSurroundings, type Surroundings } from '../support/adapter-service.js';
import { granted, refused } from '../support/authorization-server.js';
import { hashOf } from '../support/dpop-proof.js';
import { type DpopSurroundings, startDpopSurroundings } from '../support/dpop-service.js';
import { failureOf } from '../support/grant-outcome.js';
import { type Answer, type Handler, outerAddress, type RecordedRequest } from '../support/http-server.js';
import { rejected, startResourceServer } from '../support/resource-server.js';
import { issue } from '../support/tokens.js';
import { until, untilRenewed } from '../support/until.js';

/** A request in a form that suits all HTTP clients. */
export interface OutgoingRequest {
  /** @default 'GET' */
  readonly method?: string;
  /** An absolute URL, or a path of the API. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly tokenRequest?: TokenRequest | false;
}

/** A response. An error status is a response too, even if the client throws an error for it. */
export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** An HTTP client that sends tokens. `send` rejects with the error of the client. */
export interface HttpClient {
  readonly send: (request: OutgoingRequest) => Promise<Reply>;
}

/** The options of the adapter under test. */
export interface AdapterSetup {
  readonly resend?: Resend;
  readonly tokenRequest?: TokenRequest | (() => TokenRequest | undefined);
  /** @default the origin of the API */
  readonly origins?: readonly (string | InsecureUrl)[];
}

/** The parts of the client. Only `origin` may receive the tokens. */
export interface ClientSetup extends AdapterSetup {
  readonly tokens: TokenSource;
  readonly origin: string;
  readonly onEvent: EventSink;
  /** Token services in place of `tokens`, and their option `serviceOf`, which is called with the path of the request. */
  readonly named?: { readonly services: TokenSources; readonly serviceOf: (path: string) => string };
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Bodies that can be read twice, and a pattern for their bytes. */
const bodies = {
  string: [() => 'an order', /^an order$/],
  Buffer: [() => Buffer.from('bytes'), /^bytes$/],
  Uint8Array: [() => new TextEncoder().encode('bytes'), /^bytes$/],
  URLSearchParams: [() => new URLSearchParams({ a: '1', b: 'ü' }), /^a=1&b=%C3%BC$/],
  FormData: [() => form(new FormData()), /name="note"\r\n\r\nhello[^]*note\.txt[^]*content/],
  Blob: [() => new Blob(['of text'], { type: 'text/plain' }), /^of text$/],
} satisfies Record<string, [() => unknown, RegExp]>;

/** Bodies that can be read once. Their content is "an order". */
const streams = {
  'Node stream': () => Readable.from(['an ', 'order']),
  'web stream': () => new Blob(['an order']).stream(),
  'asynchronous iterator': inTwoParts,
} satisfies Record<string, () => unknown>;

/** The features that not every HTTP client has. */
export interface Abilities {
  /** The bodies that the client accepts. @default all of them */
  readonly bodies?: readonly (keyof typeof bodies)[];
  /** The streams that the client accepts. @default all of them */
  readonly streams?: readonly (keyof typeof streams)[];
  /** Makes a form that the client accepts. @default the FormData of Node.js */
  readonly form?: () => unknown;
}

/** The contract of all adapters. */
export function adapterContract(
  name: string,
  makeClient: (setup: ClientSetup) => HttpClient,
  abilities: Abilities = {},
): void {
  const start = async (options: AdapterSetup & Partial<ClientSetup> = {}): Promise<Surroundings & HttpClient> => {
    const surroundings = await startSurroundings();
    const { tokens, api, onEvent } = surroundings;
    const client = makeClient({ tokens, origin: api.origin, onEvent, ...options });
    return { ...surroundings, send: client.send };
  };

  describe(`${name} with a token`, () => {
    test.each(methods)('attaches it as Bearer to a %s [R-32]', async (method) => {
      const { send, api } = await start();

      const reply = await send({ method, url: '/orders' });

      expect(reply.status).toBe(200);
      expect(authorizations(api.requests)).toEqual(['Bearer token-1']);
      expect(api.requests[0]?.method).toBe(method);
    });

    test('puts it into the header only: not into the URL, the body or a cookie [R-33 R-38]', async () => {
      const { send, api } = await start();

      await send({ method: 'POST', url: '/orders?limit=1', body: 'an order' });

      const [{ path, body, headers } = {} as RecordedRequest] = api.requests;
      expect({ path, body }).toEqual({ path: '/orders?limit=1', body: 'an order' });
      expect(Object.keys(headers).filter((header) => JSON.stringify(headers[header]).includes('token-1'))).toEqual([
        'authorization',
      ]);
      expect(headers).not.toHaveProperty('cookie');
    });

    test('asks for one when many calls begin at once [D3]', async () => {
      const { send, api, authorizationServer } = await start();

      const replies = await Promise.all(Array.from({ length: 30 }, (_, at) => send({ url: `/orders/${at}` })));

      expect(replies.map(({ body }) => (JSON.parse(body) as { path: string }).path)).toEqual(
        Array.from({ length: 30 }, (_, at) => `/orders/${at}`),
      );
      expect(api.requests).toHaveLength(30);
      expect(authorizationServer.grants).toHaveLength(1);
    });

    test.each([
      ['GET', 204],
      ['DELETE', 204],
      ['GET', 304],
      ['HEAD', 200],
      ['HEAD', 404],
    ])('hands on the reply without a body of a %s: %d', async (method, status) => {
      const { send, api } = await start();
      api.answer(() => ({ status }));

      const reply = await send({ method, url: '/orders' });

      expect(reply).toEqual({ status, body: '' });
      expect(api.requests).toHaveLength(1);
    });

    test('hands on a body in parts, with trailers after it', async () => {
      const { send, api } = await start();
      api.answer((_request, response) => {
        response.writeHead(200, { trailer: 'x-checksum', 'transfer-encoding': 'chunked' });
        response.write('in ');
        response.write('parts');
        response.addTrailers({ 'x-checksum': '7' });
        response.end();
        return undefined;
      });

      const reply = await send({ url: '/orders' });

      expect(reply).toEqual({ status: 200, body: 'in parts' });
    });

    test('asks for the one that a request names, and sends one that says so without any [E21]', async () => {
      const { send, api, authorizationServer } = await start();
      api.answer(() => ({ body: 'done' }));

      await send({ url: '/orders', tokenRequest: { scope: 'orders:read' } });
      await send({ url: '/orders' });
      await send({ url: '/orders', tokenRequest: { scope: ['orders:read'] } });
      await send({ url: '/health', tokenRequest: false });

      expect(authorizationServer.grants.map(({ body }) => new URLSearchParams(body).get('scope'))).toEqual([
        'orders:read',
        null,
      ]);
      expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-1', undefined]);
    });

    test('leaves no timers behind', async () => {
      const { send, api } = await start();
      const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
      await send({ url: '/orders' });
      api.revoke('token-1');
      await send({ url: '/orders' });
      const before = timers();

      for (let request = 0; request < 20; request += 1) await send({ url: '/orders' });

      // A connection may have timers.
      expect(timers() - before).toBeLessThan(10);
    });
  });

  describe(`${name} when the token is rejected`, () => {
    test.each(methods)('sends a %s once more with another token [E1 R-35 R-39 R-40]', async (method) => {
      const { send, api, authorizationServer, events } = await start();
      api.revoke('token-1');

      const reply = await send({ method, url: '/orders' });

      expect(reply.status).toBe(200);
      expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2']);
      expect(authorizationServer.grants).toHaveLength(2);
      const event = { type: 'request.resent', origin: api.origin, reason: 'token rejected', service: 'orders' };
      expect(events).toMatchObject([event]);
    });

    test('sends the same request again: only the authorization differs [E9]', async () => {
      const { send, api } = await start();
      api.revoke('token-1');

      const reply = await send({
        method: 'PUT',
        url: '/orders/7?dry=1',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'k-7', 'x-tenant': 'blue' },
        body: '{"quantity":  3}',
      });

      const [first, second] = api.requests.map(({ headers, ...rest }) => ({
        ...rest,
        headers: { ...headers, authorization: undefined },
      }));
      expect(reply.status).toBe(200);
      expect(second).toEqual(first);
      expect(second).toMatchObject({
        body: '{"quantity":  3}',
        headers: { 'idempotency-key': 'k-7', 'x-tenant': 'blue' },
      });
    });

    test('takes a second 401 for the result [E2 E24]', async () => {
      const { send, api, authorizationServer } = await start();
      let answers = 0;
      api.answer(() => ({ ...rejected(), body: `no ${(answers += 1)}` }));

      const reply = await send({ method: 'POST', url: '/orders', body: 'an order' });

      expect(reply).toEqual({ status: 401, body: 'no 2' });
      expect(api.requests).toHaveLength(2);
      expect(authorizationServer.grants).toHaveLength(2);
    });

    test('takes whatever comes back the second time for the result', async () => {
      const { send, api } = await start();
      api.answer(({ headers }) =>
        headers.authorization === 'Bearer token-1' ? rejected() : { status: 503, body: 'closed' },
      );

      const reply = await send({ url: '/orders' });

      expect(reply).toEqual({ status: 503, body: 'closed' });
      expect(api.requests).toHaveLength(2);
    });

    test('renews it once for 50 calls in flight, also for those that hear of it late [E4 A25]', async () => {
      const { send, api, authorizationServer } = await start();
      const [allArrived, late] = [gate(), gate()];
      let arrived = 0;
      api.answer(async ({ headers, path }) => {
        if (headers.authorization !== 'Bearer token-1') return { body: 'done' };
        arrived += 1;
        if (arrived === 50) allArrived.open();
        await (path.startsWith('/late') ? late : allArrived).opened;
        return rejected();
      });

      const early = Array.from({ length: 40 }, () => send({ url: '/early' }));
      const others = Array.from({ length: 10 }, () => send({ url: '/late' }));
      const first = await Promise.all(early);
      late.open();
      const last = await Promise.all(others);

      expect([...first, ...last].map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
      expect(authorizationServer.grants).toHaveLength(2);
      expect(authorizations(api.requests).filter((value) => value === 'Bearer token-2')).toHaveLength(50);
      expect(api.requests).toHaveLength(100);
    });

    test('asks for two tokens at most when an API rejects all of them [E3 D21 A30]', async () => {
      const { send, api, authorizationServer, events } = await start();
      api.answer(() => rejected());

      const together = await Promise.all(Array.from({ length: 50 }, () => send({ url: '/orders' })));
      const inTurn: Reply[] = [];
      for (let call = 0; call < 50; call += 1) inTurn.push(await send({ url: '/orders' }));

      expect(new Set([...together, ...inTurn].map(({ status }) => status))).toEqual(new Set([401]));
      expect(authorizationServer.grants).toHaveLength(2);
      expect(api.requests.length).toBeLessThanOrEqual(150);
      expect(events.at(-1)).toMatchObject({ type: 'request.not_resent', reason: 'same token' });
    });

    test.each<[string, Answer]>([
      ['gives no reason', rejected('Bearer realm="api"')],
      ['names the scheme only', rejected('Bearer')],
      ['is written in lower case', rejected('bearer error=invalid_token')],
      ['comes second', rejected('Basic realm="a, b", Bearer error="invalid_token"')],
      ['comes in a field of its own', { ...rejected(), headers: { 'www-authenticate': ['Basic', 'Bearer'] } }],
      ['is about DPoP', rejected('DPoP error="invalid_token", algs="ES256"')],
      ['is missing', { status: 401 }],
      [
        'is missing from the HTML page of a proxy',
        { status: 401, headers: { 'content-type': 'text/html' }, body: '<h1>No</h1>' },
      ],
      ['does not parse', rejected('="; Bearer,,')],
      ['is of the scheme OAuth2', rejected('OAuth2 realm="x", error="invalid token"')],
      ['is of the scheme OAuth', rejected('OAuth realm="x"')],
      ['is of the scheme Token', rejected('Token realm="x"')],
      ['says expired_token', rejected('Bearer error="expired_token"')],
      ['stands in single quotes', rejected("Bearer realm='a, b', error='invalid token'")],
    ])('sends again when the challenge %s [E6 E7 E24 E26 E36 R-37]', async (_what, answer) => {
      const { send, api } = await start();
      api.answer(once(answer, { body: 'done' }));

      const reply = await send({ url: '/orders' });

      expect(reply).toEqual({ status: 200, body: 'done' });
      expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2']);
    });

    test.each<[string, Answer]>([
      ['a 401 for too little scope [R-36]', rejected('Bearer error="insufficient_scope", scope="orders:write"')],
      ['a 401 for a malformed request [R-34]', rejected('Bearer error="invalid_request"')],
      ['a 401 for too little scope, in single quotes [E36]', rejected("Bearer error='insufficient_scope'")],
      ['a 401 for too little scope by the scheme OAuth2 [E36]', rejected('OAuth2 error="insufficient_scope"')],
      ['a 401 that wants Negotiate [E6]', rejected('Negotiate, NTLM')],
      ['a 401 that wants Basic credentials [E6]', rejected('Basic realm="api"')],
      ['a 403 for too little scope [E5]', { ...rejected('Bearer error="insufficient_scope"'), status: 403 }],
      ['a 403 that says invalid_token [E5]', { ...rejected(), status: 403 }],
      ['a 403 without a challenge', { status: 403 }],
      ['a 400 that says invalid_token', { ...rejected(), status: 400 }],
      ['a 500', { status: 500 }],
    ])('lets stand %s', async (_what, answer) => {
      const { send, api, authorizationServer, events } = await start();
      api.answer(() => answer);

      const reply = await send({ url: '/orders' });

      expect(reply.status).toBe(answer.status);
      expect(api.requests).toHaveLength(1);
      expect(authorizationServer.grants).toHaveLength(1);
      const event = { type: 'request.not_resent', reason: 'token not rejected' };
      expect(events).toMatchObject(answer.status === 401 ? [event] : []);
    });

    test.each(abilities.bodies ?? (Object.keys(bodies) as (keyof typeof bodies)[]))(
      'sends a body of type %s again [E1 E9]',
      async (kind) => {
        const { send, api } = await start();
        const [usual, expected] = bodies[kind];
        const body = kind === 'FormData' ? (abilities.form ?? usual) : usual;
        api.revoke('token-1');

        const reply = await send({ method: 'POST', url: '/orders', body: body() });

        expect(reply.status).toBe(200);
        expect(api.requests[0]?.body).toMatch(expected);
        expect(api.requests).toHaveLength(2);
        expect(comparable(api.requests[1])).toEqual(comparable(api.requests[0]));
      },
    );

    const streamKinds = abilities.streams ?? (Object.keys(streams) as (keyof typeof streams)[]);
    for (const kind of streamKinds) {
      test(`does not send a ${kind} twice; the next call has another token [E8]`, async () => {
        const { send, api, events, tokens } = await start();
        const body = streams[kind];
        api.revoke('token-1');

        const first = await send({ method: 'POST', url: '/orders', body: body() });
        await untilRenewed(tokens);
        const second = await send({ method: 'POST', url: '/orders', body: body() });

        expect([first.status, second.status]).toEqual([401, 200]);
        expect(api.requests.map(({ body: sent }) => sent)).toEqual(['an order', 'an order']);
        expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2']);
        expect(events).toMatchObject([{ type: 'request.not_resent', reason: 'body cannot be sent twice' }]);
      });
    }

    test.each<[string, Resend, OutgoingRequest]>([
      ['the resend option', 'never', { url: '/orders' }],
      ['the method', 'safe', { method: 'POST', url: '/orders', body: 'an order' }],
      ...streamKinds.map((kind): [string, Resend, OutgoingRequest] => [
        `a ${kind}`,
        'all',
        { method: 'POST', url: '/orders', body: streams[kind]() },
      ]),
    ])(
      'returns a 401 that is not resent because of %s, while the authorization server hangs [E28]',
      async (_what, resend, request) => {
        const { send, api, authorizationServer, tokens } = await start({ resend });
        const answered = gate();
        authorizationServer.script(granted('token-1'), () => answered.opened.then(() => granted('token-2')));
        api.revoke('token-1');
        const caller = new AbortController();

        const reply = await send({ ...request, signal: caller.signal });
        await until(() => authorizationServer.grants.length === 2);
        // The caller has its response. Its abort must not end the renewal.
        caller.abort();
        answered.open();
        await untilRenewed(tokens);
        const next = await send({ url: '/orders' });

        expect([reply.status, next.status]).toEqual([401, 200]);
        expect(authorizationServer.grants).toHaveLength(2);
      },
    );

    test('returns a 401 that is not resent, also when the renewal in the background fails [E28]', async () => {
      const { send, api, authorizationServer, events } = await start({ resend: 'never' });
      authorizationServer.script(granted('token-1'), refused('invalid_client', { status: 401 }));
      api.revoke('token-1');

      const reply = await send({ url: '/orders' });
      // Without a handler, the rejection would fail the test.
      await until(() => authorizationServer.grants.length >= 2);
      await send({ url: '/orders' });

      expect(reply.status).toBe(401);
      expect(events[0]).toMatchObject({ type: 'request.not_resent', reason: 'resend option' });
    });

    test('takes no answer in between for the answer [E22 R-39]', async () => {
      const { send, api } = await start();
      api.answer(({ headers }, response) => {
        response.writeProcessing();
        response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
        return headers.authorization === 'Bearer token-1' ? rejected() : { body: 'done' };
      });

      const reply = await send({ url: '/orders' });

      expect(reply).toEqual({ status: 200, body: 'done' });
      expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-2']);
    });

    test.each([
      ['of a few words', 'no '],
      ['of half a megabyte', 'no '.repeat(170_000)],
    ])('goes on when 401s %s are repaired, and hands on one that stands [E14]', async (_what, body) => {
      const { send, api, tokens } = await start();
      let rejectedToken = (await tokens.getToken()).value;
      api.answer(({ headers }) =>
        headers.authorization === `Bearer ${rejectedToken}` ? { ...rejected(), body } : { body: 'done' },
      );

      const repaired = await send({ method: 'POST', url: '/orders', body: 'an order' });
      rejectedToken = (await tokens.getToken()).value;
      const standing = await send({ url: '/orders' });
      rejectedToken = 'none';
      const next = await send({ url: '/orders' });

      expect([repaired, next]).toEqual([
        { status: 200, body: 'done' },
        { status: 200, body: 'done' },
      ]);
      expect(standing.status).toBe(401);
      expect(standing.body).toBe(body);
    });

    test('lets the 401 stand when the authorization server is away meanwhile [E13]', async () => {
      const { send, api, authorizationServer } = await start();
      await send({ url: '/orders' });
      api.revoke('token-1');
      authorizationServer.script({ status: 503 });

      const reply = await send({ url: '/orders' });

      expect(reply.status).toBe(401);
      expect(api.requests).toHaveLength(2);
    });
  });

  describe(`${name} and other credentials or origins`, () => {
    test.each(['Authorization', 'authorization'])('leaves a caller’s own %s alone [E12 R-31]', async (header) => {
      const { send, api, authorizationServer } = await start();

      const reply = await send({ url: '/orders', headers: { [header]: 'Basic b3duOm93bg==' } });

      expect(reply.status).toBe(401);
      expect(authorizations(api.requests)).toEqual(['Basic b3duOm93bg==']);
      expect(authorizationServer.grants).toHaveLength(0);
    });

    test('gives no token to another origin [E11 R-25 R-65]', async () => {
      const { send, authorizationServer } = await start();
      const other = await startResourceServer();

      const reply = await send({ url: `${other.origin}/orders` });

      expect(reply.status).toBe(401);
      expect(authorizations(other.requests)).toEqual([undefined]);
      expect(authorizationServer.grants).toHaveLength(0);
    });

    test.each([
      'https://*.example.com',
      'https://api.example.com/v1',
      'https://api.example.com?a=b',
      'https://me@x.example',
    ])('refuses %j in "origins" before anything is sent [E38]', async (entry) => {
      await expect(start({ origins: [entry] })).rejects.toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringMatching(/^"origins" .*(?:write|list)/),
      });
    });

    test('attaches the token when the origin of the API is spelt out', async () => {
      const { send, api } = await start();

      const reply = await send({ url: `${api.origin}/orders` });

      expect(reply.status).toBe(200);
    });
  });

  redirectContract(name, start);
  httpContract(name, makeClient);

  describe(`${name} and what is no token request or no token`, () => {
    const kinds: [string, () => unknown][] = [
      ['a promise', () => Promise.resolve({ scope: 's3cret' })],
      ['a Map', () => new Map([['scope', 's3cret']])],
      ['URLSearchParams', () => new URLSearchParams({ scope: 's3cret' })],
      ['an instance of a class', () => new Scoped('s3cret')],
    ];

    test.each(kinds)('refuses a "tokenRequest" that is %s, and sends nothing [E39]', async (_what, make) => {
      const { send, api, authorizationServer } = await start();

      const error = await failureOf(send({ url: '/orders', tokenRequest: make() as TokenRequest }));

      expect(error).toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringMatching(/"tokenRequest".*plain object/),
      });
      expect(String(error)).not.toContain('s3cret');
      expect([api.requests, authorizationServer.requests]).toEqual([[], []]);
    });

    test.each(kinds)('refuses a "tokenRequest" that is, or returns, %s [E39]', async (_what, make) => {
      const { send, api } = await start({ tokenRequest: () => make() as TokenRequest });

      const error = await failureOf(send({ url: '/orders' }));

      for (const each of [error, await failureOf(start({ tokenRequest: make() as TokenRequest }))]) {
        expect(each).toMatchObject({
          code: 'ERR_CONFIGURATION',
          message: expect.stringMatching(/"tokenRequest".*plain/),
        });
        expect(String(each)).not.toContain('s3cret');
      }
      expect(api.requests).toEqual([]);
    });

    test.each<[string, () => unknown]>([
      ['nothing', () => undefined],
      ['null', () => null],
      ['a string', () => 's3cret'],
      ['an object', () => ({ value: 's3cret' })],
      ['a token response', () => ({ access_token: 's3cret', token_type: 'Bearer' })],
      ['a promise of a string', () => Promise.resolve('s3cret')],
      ['a token with a line break', () => issue('s3cret\n', systemClock)],
      ['a token with a line break inside', () => issue('s3cret\r\nx-evil: 1', systemClock)],
      ['a token with a character that is not ASCII', () => issue('s3cret\u20ac', systemClock)],
      ['an empty token', () => issue('', systemClock)],
    ])('refuses a token source that returns %s, and sends nothing [E39]', async (_what, make) => {
      const { send, api } = await start({ tokens: { getToken: async () => make() as Promise<AccessToken> } });

      const error = await failureOf(send({ url: '/orders' }));

      expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringMatching(/^"tokens" of /) });
      expect(inspect(error)).not.toContain('s3cret');
      expect(api.requests).toEqual([]);
    });

    test('refuses one that returns it in place of a rejected token [E39]', async () => {
      const first = issue('token-1', systemClock);
      const { send, api } = await start({
        tokens: { getToken: async (_request, { replacing } = {}) => (replacing ? ('s3cret' as never) : first) },
      });
      api.revoke('token-1');

      const error = await failureOf(send({ url: '/orders' }));

      expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringMatching(/^"tokens" of /) });
      expect(authorizations(api.requests)).toEqual(['Bearer token-1']);
    });

    test('sends a token of another copy of this package [E39]', async () => {
      // As a copy in another module format: the same members, another class.
      const copy = new ForeignToken('token-1') as unknown as AccessToken;
      const { send, api } = await start({ tokens: { getToken: () => Promise.resolve(copy) } });

      const replies = [await send({ url: '/orders' }), await send({ url: '/orders' })];

      expect(replies.map(({ status }) => status)).toEqual([200, 200]);
      expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-1']);
    });

    test('sends a static token; one with a line break cannot be made [E39]', async () => {
      const { send, api } = await start({ tokens: staticToken('key') });

      await send({ url: '/orders' });

      expect(authorizations(api.requests)).toEqual(['Bearer key']);
      expect(() => staticToken('s3cret\n')).toThrow(/^(?!.*s3cret).*visible ASCII/);
    });
  });

  describe(`${name} without a token`, () => {
    test.each<[string, string, Answer | Handler]>([
      ['refuses', 'ERR_GRANT_REJECTED', refused('invalid_client', { status: 401 })],
      ['is away', 'ERR_GRANT_UNAVAILABLE', (_request, response) => void response.destroy()],
      ['is not available', 'ERR_GRANT_UNAVAILABLE', { status: 503 }],
      ['answers with a page', 'ERR_TOKEN_RESPONSE', { headers: { 'content-type': 'text/html' }, body: '<h1>Hi</h1>' }],
    ])('sends nothing when the authorization server %s: %s [E13]', async (_what, code, answer) => {
      const { send, api, authorizationServer } = await start();
      authorizationServer.script(answer);

      const thrown: unknown = await send({ method: 'POST', url: '/orders', body: 'an order' }).catch(
        (error: unknown) => error,
      );

      expect(thrown).toBeInstanceOf(TokenError);
      expect(thrown).toMatchObject({ code });
      expect(api.requests).toHaveLength(0);
    });

    test('works again as soon as there is one [E13]', async () => {
      const { send, api, authorizationServer, clock } = await start();
      authorizationServer.script(refused('temporarily_unavailable', { status: 503 }), granted('late'));
      await expect(send({ url: '/orders' })).rejects.toThrow(TokenError);

      clock.advance(1_000);
      const reply = await send({ url: '/orders' });

      expect(reply.status).toBe(200);
      expect(authorizations(api.requests)).toEqual(['Bearer late']);
    });

    test('lets a caller give up waiting for it without failing the others [E19 B6]', async () => {
      const { send, api, authorizationServer } = await start();
      const [asked, answered] = [gate(), gate()];
      authorizationServer.script(async () => {
        asked.open();
        await answered.opened;
        return granted('shared');
      });
      const leader = new AbortController();

      const givenUp = send({ url: '/given-up', signal: leader.signal });
      const others = Array.from({ length: 9 }, () => send({ url: '/orders' }));
      await asked.opened;
      leader.abort();
      await expect(givenUp).rejects.toThrow(/abort|cancel/i);
      answered.open();
      const replies = await Promise.all(others);

      expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 200));
      expect(api.requests.map(({ path }) => path)).toEqual(Array.from({ length: 9 }, () => '/orders'));
      expect(authorizationServer.grants).toHaveLength(1);
    });

    test('lets a caller give up while its rejected token is renewed; the renewal goes on [E19]', async () => {
      const { send, api, authorizationServer } = await start();
      await send({ url: '/orders' });
      api.revoke('token-1');
      const [asked, answered] = [gate(), gate()];
      authorizationServer.script(async () => {
        asked.open();
        await answered.opened;
        return granted('renewed');
      });
      const caller = new AbortController();

      const givenUp = send({ url: '/given-up', signal: caller.signal });
      await asked.opened;
      caller.abort();
      await expect(givenUp).rejects.toThrow(/abort|cancel/i);
      answered.open();
      const reply = await send({ url: '/orders' });

      expect(reply.status).toBe(200);
      expect(authorizations(api.requests)).toContain('Bearer renewed');
      expect(authorizationServer.grants).toHaveLength(2);
    });

    test.each([
      ['sent', 'Bearer token-1'],
      ['resent', 'Bearer token-2'],
    ])('lets one signal end the request while it is %s [E29]', async (_what, held) => {
      const { send, api } = await start();
      const arrived = gate();
      api.answer(async ({ headers }) => {
        if (headers.authorization !== held) return rejected();
        arrived.open();
        return new Promise<Answer>(() => {});
      });
      const caller = new AbortController();

      const answer = send({ url: '/orders', signal: caller.signal });
      await Promise.race([arrived.opened, answer]);
      caller.abort();

      await expect(answer).rejects.toThrow(/abort|cancel/i);
    });

    test('sends nothing when the caller has given up before', async () => {
      const { send, api, authorizationServer } = await start();

      await expect(send({ url: '/orders', signal: AbortSignal.abort() })).rejects.toThrow(/abort|cancel/i);

      expect(api.requests).toHaveLength(0);
      expect(authorizationServer.grants).toHaveLength(0);
    });
  });
}

/** The contract of all adapters for DPoP tokens. */
export function dpopAdapterContract(name: string, makeClient: (setup: ClientSetup) => HttpClient): void {
  const start = async (): Promise<DpopSurroundings & HttpClient> => {
    const surroundings = await startDpopSurroundings();
    const { tokens, api, onEvent } = surroundings;
    const client = makeClient({ tokens, origin: api.origin, onEvent });
    return { ...surroundings, send: client.send };
  };

  describe(`${name} with a token of type DPoP`, () => {
    test.each(methods)(
      'presents it to a %s with a proof that the API verifies [R-63 R-66 R-69 R-70]',
      async (method) => {
        const { send, api, atApi } = await start();

        const reply = await send({ method, url: '/orders?limit=1' });

        expect(reply.status).toBe(200);
        expect(authorizations(api.requests)).toEqual(['DPoP token-1']);
        expect(atApi.proofs).toMatchObject([
          { htm: method, htu: `${api.origin}/orders`, ath: hashOf('token-1'), header: { typ: 'dpop+jwt' } },
        ]);
      },
    );

    test('sends a request once more with another token, and with another proof [E1 R-71]', async () => {
      const { send, api, atApi, events } = await start();
      api.revoke('token-1');

      const reply = await send({ method: 'POST', url: '/orders', body: 'an order' });

      expect(reply.status).toBe(200);
      expect(authorizations(api.requests)).toEqual(['DPoP token-1', 'DPoP token-2']);
      expect(atApi.proofs.map(({ ath }) => ath)).toEqual([hashOf('token-1'), hashOf('token-2')]);
      expect(events).toMatchObject([{ type: 'request.resent' }]);
    });

    test('answers an API that asks for a nonce, without another token [R-73 R-75 R-89]', async () => {
      const { send, api, atApi, authorizationServer, events } = await start();
      atApi.require('nonce-1');

      const first = await send({ method: 'POST', url: '/orders', body: 'an order' });
      const second = await send({ url: '/orders' });
      atApi.require('nonce-2');
      const third = await send({ url: '/orders' });

      expect([first, second, third].map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(api.requests.map(({ body }) => body).slice(0, 2)).toEqual(['an order', 'an order']);
      expect(api.requests).toHaveLength(5);
      expect(atApi.proofs.map(({ nonce }) => nonce)).toEqual(['nonce-1', 'nonce-1', 'nonce-2']);
      expect(authorizationServer.grants).toHaveLength(1);
      expect(events.map((event) => 'reason' in event && event.reason)).toEqual(['dpop nonce', 'dpop nonce']);
    });

    test('uses the nonce that comes with a success for the next proof [R-73]', async () => {
      const { send, atApi } = await start();
      atApi.offer('nonce-1');

      await send({ url: '/orders' });
      await send({ url: '/orders' });

      expect(atApi.proofs.map(({ nonce }) => nonce)).toEqual([undefined, 'nonce-1']);
    });

    test('does not tell the API the nonce of the authorization server, nor the other way round [R-74]', async () => {
      const { send, tokens, atApi, atTokenEndpoint } = await start();
      atTokenEndpoint.require('as-nonce');
      atApi.require('api-nonce');

      await send({ url: '/orders' });
      await tokens.getToken({ scope: 'other' });

      expect(atApi.proofs.map(({ nonce }) => nonce)).toEqual(['api-nonce']);
      expect(atTokenEndpoint.proofs.map(({ nonce }) => nonce)).toEqual(['as-nonce', 'as-nonce']);
    });

    test('answers the nonce first, then replaces the token: three sends [E23]', async () => {
      const { send, api, atApi, authorizationServer } = await start();
      api.revoke('token-1');
      atApi.require('nonce-1');

      const reply = await send({ url: '/orders' });

      expect(reply.status).toBe(200);
      expect(authorizations(api.requests)).toEqual(['DPoP token-1', 'DPoP token-1', 'DPoP token-2']);
      expect(authorizationServer.grants).toHaveLength(2);
    });

    test('does not send a stream twice for a nonce; the next call has it [E8]', async () => {
      const { send, api, atApi, authorizationServer, events } = await start();
      atApi.require('nonce-1');

      const first = await send({ method: 'POST', url: '/orders', body: Readable.from(['an ', 'order']) });
      const second = await send({ method: 'POST', url: '/orders', body: Readable.from(['an ', 'order']) });

      expect([first.status, second.status]).toEqual([401, 200]);
      expect(api.requests.map(({ body }) => body)).toEqual(['an order', 'an order']);
      expect(authorizationServer.grants).toHaveLength(1);
      expect(events).toMatchObject([{ type: 'request.not_resent', reason: 'body cannot be sent twice' }]);
    });

    test('adds no proof to credentials of the caller’s own [E12]', async () => {
      const { send, api } = await start();

      await send({ url: '/orders', headers: { authorization: 'Basic b3duOm93bg==' } });

      expect(authorizations(api.requests)).toEqual(['Basic b3duOm93bg==']);
      expect(api.requests[0]?.headers).not.toHaveProperty('dpop');
    });

    test.each([301, 302, 303, 307, 308])(
      'takes neither token nor proof along on a %d to another origin, and no nonce from there [E11 R-42]',
      async (status) => {
        const { send, api, atApi } = await start();
        const other = await startResourceServer();
        other.answer(() => ({ ...rejected('DPoP error="use_dpop_nonce"'), headers: { 'dpop-nonce': 'foreign' } }));
        api.answerOnce({ status, headers: { location: `${other.origin}/moved` } });

        await send({ url: '/orders' });
        await send({ url: '/orders' });

        expect(other.requests.filter(({ headers }) => headers.authorization ?? headers['dpop'])).toEqual([]);
        expect(atApi.proofs.map(({ nonce }) => nonce)).toEqual([undefined]);
      },
    );
  });
}

function redirectContract(name: string, start: () => Promise<Surroundings & HttpClient>): void {
  describe(`${name} when it is redirected`, () => {
    test.each([301, 302, 303, 307, 308])(
      'takes no token along on a %d to another origin [E11 R-42]',
      async (status) => {
        const { send, api } = await start();
        const other = await startResourceServer();
        other.answer(() => ({ body: 'here' }));
        api.answer(() => ({ status, headers: { location: `${other.origin}/moved` } }));

        const reply = await send({ url: '/orders' });

        expect(reply).toEqual({ status: 200, body: 'here' });
        expect(authorizations(api.requests)).toEqual(['Bearer token-1']);
        expect(authorizations(other.requests)).toEqual([undefined]);
      },
    );

    test('takes the token along on a redirect within the origin [R-42]', async () => {
      const { send, api } = await start();
      api.answer(({ path }) =>
        path === '/orders' ? { status: 307, headers: { location: '/moved' } } : { body: 'here' },
      );

      const reply = await send({ url: '/orders' });

      expect(reply).toEqual({ status: 200, body: 'here' });
      expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-1']);
    });

    test('takes no token along to another origin that it comes to by way of its own [E11 R-42]', async () => {
      const { send, api } = await start();
      const other = await startResourceServer();
      other.answer(() => ({ body: 'there' }));
      api.answer(({ path }) => ({
        status: 302,
        headers: { location: path === '/orders' ? '/moved' : `${other.origin}/moved` },
      }));

      const reply = await send({ url: '/orders' });

      expect(reply).toEqual({ status: 200, body: 'there' });
      expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-1']);
      expect(authorizations(other.requests)).toEqual([undefined]);
    });

    test('does not blame the token for the 401 of an origin that never saw it [E11 R-37]', async () => {
      const { send, api, authorizationServer } = await start();
      const other = await startResourceServer();
      api.answer(() => ({ status: 302, headers: { location: `${other.origin}/moved` } }));

      const reply = await send({ url: '/orders' });

      expect(reply.status).toBe(401);
      expect(authorizations(api.requests)).toEqual(['Bearer token-1']);
      expect(authorizations(other.requests)).toEqual([undefined]);
      expect(authorizationServer.grants).toHaveLength(1);
    });

    test('sends again what was rejected after a redirect within the origin [E1 R-42]', async () => {
      const { send, api } = await start();
      api.answer(({ path, headers }) => {
        if (path === '/orders') return { status: 307, headers: { location: '/moved' } };
        return headers.authorization === 'Bearer token-1' ? rejected() : { body: 'here' };
      });

      const reply = await send({ url: '/orders' });

      expect(reply).toEqual({ status: 200, body: 'here' });
      expect(api.requests.at(-1)).toMatchObject({
        method: 'GET',
        path: '/moved',
        headers: { authorization: 'Bearer token-2' },
      });
    });

    test('carries out once a POST whose redirect is rejected; the next request has another token [E27]', async () => {
      const { send, api, authorizationServer, tokens } = await start();
      api.answer(({ method, headers }) => {
        if (method === 'POST') return { status: 303, headers: { location: '/orders/1' } };
        return headers.authorization === 'Bearer token-1' ? rejected() : { body: 'the order' };
      });

      await send({ method: 'POST', url: '/orders', body: 'an order' });
      await untilRenewed(tokens);
      const next = await send({ url: '/orders/1' });

      expect(api.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
      expect(next).toEqual({ status: 200, body: 'the order' });
      expect(authorizationServer.grants).toHaveLength(2);
    });
  });
}

/** The contract of all adapters for http to another machine. */
function httpContract(name: string, makeClient: (setup: ClientSetup) => HttpClient): void {
  /** A client for an API on another machine, with http allowed. */
  async function startAllowed(tokens: TokenSource = staticToken('token-1')) {
    const api = await startResourceServer(outerAddress);
    const events: TokenEvent[] = [];
    const onEvent = (event: TokenEvent): void => void events.push(event);
    const origins = [dangerouslyAllowHttp(api.origin)];
    const { send } = makeClient({ tokens, origin: api.origin, origins, onEvent });
    return { api, send, events };
  }

  describe(`${name} and http to another machine`, () => {
    test('attaches the token when it is allowed, and says so by one event [G1]', async () => {
      const { api, send, events } = await startAllowed();
      const allowed = { type: 'http.allowed', origins: [api.origin] };
      expect(events).toEqual([allowed]);

      const replies = [
        await send({ url: '/orders' }),
        await send({ method: 'POST', url: '/orders', body: 'an order' }),
      ];

      expect(replies.map(({ status }) => status)).toEqual([200, 200]);
      expect(authorizations(api.requests)).toEqual(['Bearer token-1', 'Bearer token-1']);
      expect(events).toEqual([allowed]);
    });

    test('gives no token to another http origin, not even after a redirect [G1 E11]', async () => {
      const { api, send } = await startAllowed();
      const other = await startResourceServer(outerAddress);
      api.answer(() => ({ status: 307, headers: { location: `${other.origin}/orders` } }));

      await send({ url: '/orders' });
      await send({ url: `${other.origin}/orders` });

      expect(authorizations(api.requests)).toEqual(['Bearer token-1']);
      expect(authorizations(other.requests)).toEqual([undefined, undefined]);
    });

    test('sends no token that is bound to a client certificate [G1]', async () => {
      const expiresAt = Date.now() + 60_000;
      const fields = { value: 'token-1', issuedAt: Date.now(), expiresAt, certificateThumbprint: 'thumbprint' };
      const token = new AccessToken(fields);
      const { api, send } = await startAllowed({ getToken: () => Promise.resolve(token) });

      const error = await failureOf(send({ url: '/orders' }));

      expect(configurationErrorIn(error)).toMatch(/bound to a client certificate is not sent to http:/);
      expect(api.requests).toEqual([]);
    });

    test.each(['http://orders', 'http://orders.localhost', 'http://10.0.0.1:8080'])(
      'refuses %s as a string, with the line that allows it [G1 R-27]',
      (origin) => {
        const setup = { tokens: staticToken('token-1'), origin, origins: [origin], onEvent: () => undefined };

        expect(() => makeClient(setup)).toThrow(
          expect.objectContaining({
            code: 'ERR_CONFIGURATION',
            message: expect.stringContaining(`set origins: [dangerouslyAllowHttp('${origin}')]`),
          }),
        );
      },
    );

    test('refuses more than an origin, also when it is allowed [G1 E38]', () => {
      const origins = [dangerouslyAllowHttp('http://orders/v1')];
      const setup = { tokens: staticToken('token-1'), origin: 'http://orders', origins, onEvent: () => undefined };

      expect(() => makeClient(setup)).toThrow(/write "http:\/\/orders"/);
    });
  });
}

// The error of a dispatcher is the `cause` of the error of undici's fetch.
function configurationErrorIn(error: unknown): string {
  const { code, message, cause } = error as { code?: string; message: string; cause?: unknown };
  return code === 'ERR_CONFIGURATION' || cause === undefined ? message : configurationErrorIn(cause);
}

const authorizations = (requests: readonly RecordedRequest[]): (string | undefined)[] =>
  requests.map(({ headers }) => headers.authorization);

/** A token request that is not a plain object. */
class Scoped {
  readonly scope: string;

  constructor(scope: string) {
    this.scope = scope;
  }
}

/** An access token of another class. */
class ForeignToken {
  readonly type = 'Bearer';
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  get value(): string {
    return this.#value;
  }

  get authorization(): string {
    return `Bearer ${this.#value}`;
  }

  remainingMs(): number {
    return Infinity;
  }
}

/** A handler that responds to the first request with `first`, and to all others with `later`. */
function once(first: Answer, later: Answer): Handler {
  let asked = false;
  return () => {
    const answer = asked ? later : first;
    asked = true;
    return answer;
  };
}

/** Fills a form of any implementation. */
export function form<Form extends Pick<FormData, 'append'>>(data: Form): Form {
  data.append('note', 'hello');
  data.append('file', new Blob(['content'], { type: 'text/plain' }), 'note.txt');
  return data;
}

async function* inTwoParts(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('an ');
  yield Buffer.from('order');
}

/**
 * The request as text, without its `Authorization` and with a fixed form boundary: both differ from request to request.
 */
function comparable(request: RecordedRequest | undefined): string {
  const { headers: { authorization: _, ...headers } = {}, ...rest } = { ...request };
  const boundary = /^--(\S+)/.exec(rest.body ?? '')?.[1] ?? 'no boundary';
  return JSON.stringify({ ...rest, headers }).replaceAll(boundary, 'boundary');
}
