import { describe, expect, test } from '@jest/globals';

import { jwtBearer } from '../../src/grant/jwt-bearer.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService, type TokenService } from '../../src/service/token-service.js';
import { memoryStore } from '../../src/stores/memory.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { ConfigurationError, GrantUnavailableError, InvalidTokenResponseError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { dangerouslyAllowHttp } from '../../src/core/insecure-url.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { fakeClock, type FakeClock } from '../support/clock.js';
import { collectNotable } from '../support/events.js';
import { failureOf, linesThatShow, secret } from '../support/grant-outcome.js';
import { type Answer, type Handler, type HttpServer, outerAddress, startHttpServer } from '../support/http-server.js';

const wellKnown = '/.well-known/oauth-protected-resource';
const minute = 60_000;
const day = 24 * 60 * minute;

/** An API with an answer for each path; a 404 at other paths. */
interface Api extends HttpServer {
  answer(path: string, answer: Answer | Handler): void;
  /** Publishes metadata at a path. */
  publish(path: string, metadata: object): void;
}

async function startApi(address?: string): Promise<Api> {
  const answers = new Map<string, Answer | Handler>();
  const server = await startHttpServer((request, response) => {
    const answer = answers.get(request.path) ?? { status: 404 };
    return typeof answer === 'function' ? answer(request, response) : answer;
  }, address);
  return {
    ...server,
    answer: (path, answer) => void answers.set(path, answer),
    publish: (path, metadata) => void answers.set(path, { body: metadata }),
  };
}

async function start(path = '/mcp') {
  const [api, server] = [await startApi(), await startAuthorizationServer({ metadata: {} })];
  const resource = `${api.origin}${path}`;
  return { api, server, resource, ofServer: { resource, authorization_servers: [server.origin] } };
}

interface Service {
  readonly tokens: TokenService;
  readonly clock: FakeClock;
  readonly events: readonly TokenEvent[];
}

function serviceOf(options: Partial<TokenServiceOptions>): Service {
  const [clock, events] = [fakeClock(), [] as TokenEvent[]];
  const tokens = createTokenService({
    clientId: 'orders',
    clientSecret: secret,
    retry: { retries: 0 },
    clock,
    random: () => 0,
    onEvent: collectNotable(events),
    ...options,
  });
  return { tokens, clock, events };
}

const pathsOf = ({ requests }: HttpServer): string[] => requests.map(({ method, path }) => `${method} ${path}`);
const probeOf = (path: string) => `GET ${path}?oauth-protected-resource`;
const resourcesOf = (body: string | undefined) => new URLSearchParams(body).getAll('resource');

describe('the metadata of a protected resource', () => {
  test.each([
    ['', ''],
    ['/', ''],
    ['/mcp', '/mcp'],
    ['/mcp/', '/mcp/'],
    ['/a%20b/c', '/a%20b/c'],
    ['/mcp?tenant=1', '/mcp?tenant=1'],
    ['?tenant=1', '?tenant=1'],
  ])('of "%s" are at the well-known URL with that path, and name the server [R-81 R-82]', async (path, inserted) => {
    const { api, server, resource, ofServer } = await start(path);
    api.publish(`${wellKnown}${inserted}`, ofServer);
    const { tokens } = serviceOf({ protectedResource: resource, issuers: [server.origin] });

    const token = await tokens.getToken();

    expect(token.value).toBe('token-1');
    expect(pathsOf(api)).toEqual([`GET ${wellKnown}${inserted}`]);
    expect(pathsOf(server)).toEqual(['GET /.well-known/oauth-authorization-server', 'POST /token']);
    expect(resourcesOf(server.grants[0]?.body)).toEqual([resource]);
    expect(linesThatShow(secret, api.requests)).toEqual([]);
    expect(api.requests[0]?.headers.authorization).toBeUndefined();
  });

  test.each(['', '/'])(
    'of an origin may name it with and without a slash, which is sent as published "%s"',
    async (end) => {
      const { api, server, ofServer } = await start('');
      api.publish(wellKnown, { ...ofServer, resource: `${api.origin}${end}` });
      const { tokens } = serviceOf({
        protectedResource: `${api.origin}${end === '' ? '/' : ''}`,
        issuers: [server.origin],
      });

      await tokens.getToken();

      expect(resourcesOf(server.grants[0]?.body)).toEqual([`${api.origin}${end}`]);
    },
  );

  test('come from the URL that a 401 names, without a token [R-82]', async () => {
    const { api, server, resource, ofServer } = await start();
    const challenge = `Basic realm="x", Bearer error="invalid_token", resource_metadata="${api.origin}/meta.json"`;
    api.answer(probeOf('/mcp').slice(4), { status: 401, headers: { 'www-authenticate': challenge } });
    api.publish('/meta.json', ofServer);
    api.publish(wellKnown, { ...ofServer, resource: api.origin });
    const { tokens } = serviceOf({ protectedResource: resource, issuers: [server.origin] });

    await tokens.getToken();

    expect(pathsOf(api)).toEqual([`GET ${wellKnown}/mcp`, probeOf('/mcp'), 'GET /meta.json']);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined, undefined]);
    expect(resourcesOf(server.grants[0]?.body)).toEqual([resource]);
  });

  test.each<[string, Answer | Handler]>([
    ['no 401', { status: 200, body: 'hello' }],
    ['a 401 without the URL', { status: 401, headers: { 'www-authenticate': 'Bearer' } }],
    ['a 401 without a challenge', { status: 401 }],
    ['a stream without end', (_request, response) => void response.write('data: 1\n\n')],
    ['a closed connection', (_request, response) => void response.destroy()],
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example/' } }],
    ['a malformed URL', { status: 401, headers: { 'www-authenticate': 'Bearer resource_metadata="meta"' } }],
  ])('come from the root after %s', async (_what, answer) => {
    const { api, server, resource, ofServer } = await start();
    api.answer(probeOf('/mcp').slice(4), answer);
    api.publish(wellKnown, { ...ofServer, resource: api.origin });
    const { tokens } = serviceOf({ protectedResource: resource, issuers: [server.origin], timeoutMs: 2_000 });

    await tokens.getToken();

    expect(pathsOf(api)).toEqual([`GET ${wellKnown}/mcp`, probeOf('/mcp'), `GET ${wellKnown}`]);
    // RFC 9728 §3.3: the metadata of the root name the origin.
    expect(resourcesOf(server.grants[0]?.body)).toEqual([api.origin]);
  });

  test('may be behind a redirect within the origin, as those of a server [A47]', async () => {
    const { api, server, resource, ofServer } = await start();
    api.answer(`${wellKnown}/mcp`, { status: 308, headers: { location: `${wellKnown}/mcp/` } });
    api.publish(`${wellKnown}/mcp/`, ofServer);
    const { tokens } = serviceOf({ protectedResource: resource, issuers: [server.origin] });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 'token-1' });
  });

  test('choose the first of their servers that is in "issuers"', async () => {
    const { api, server, resource, ofServer } = await start();
    const other = await startAuthorizationServer({ metadata: {} });
    const servers = ['https://unknown.example', 7, server.origin, other.origin];
    api.publish(`${wellKnown}/mcp`, { ...ofServer, authorization_servers: servers });
    const { tokens } = serviceOf({ protectedResource: resource, issuers: [other.origin, server.origin] });

    await tokens.getToken();

    expect(other.requests).toEqual([]);
    expect(server.grants).toHaveLength(1);
  });

  test('are requested once for concurrent calls, and again after a day', async () => {
    const { api, server, resource, ofServer } = await start();
    api.publish(`${wellKnown}/mcp`, ofServer);
    const { tokens, clock } = serviceOf({ protectedResource: resource, issuers: [server.origin] });

    await Promise.all([tokens.getToken({ scope: 'a' }), tokens.getToken({ scope: 'b' })]);
    clock.advance(day - minute);
    await tokens.getToken({ scope: 'c' });
    expect(pathsOf(api)).toHaveLength(1);
    clock.advance(2 * minute);
    await tokens.getToken({ scope: 'd' });

    expect(pathsOf(api)).toHaveLength(2);
  });

  test.each<[string, Answer | Handler]>([
    ['an outage', { status: 503 }],
    ['a closed connection', (_request, response) => void response.destroy()],
    ['a 404', { status: 404 }],
  ])('stay in use during %s [A26]', async (_what, answer) => {
    const { api, server, resource, ofServer } = await start();
    api.publish(`${wellKnown}/mcp`, ofServer);
    const { tokens, clock } = serviceOf({ protectedResource: resource, issuers: [server.origin] });
    await tokens.getToken();

    api.answer(`${wellKnown}/mcp`, answer);
    clock.advance(day + minute);

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 'token-2' });
    expect(resourcesOf(server.grants[1]?.body)).toEqual([resource]);
  });

  test('are requested again if the server rejects the client: the resource may have moved to another one', async () => {
    const { api, server, resource, ofServer } = await start();
    const next = await startAuthorizationServer({ metadata: {} });
    api.publish(`${wellKnown}/mcp`, ofServer);
    const { tokens, events } = serviceOf({ protectedResource: resource, issuers: [server.origin, next.origin] });
    await tokens.getToken({ scope: 'a' });

    api.publish(`${wellKnown}/mcp`, { ...ofServer, authorization_servers: [next.origin] });
    server.script(refused('invalid_client', { status: 401 }));
    const token = await tokens.getToken({ scope: 'b' });

    expect(token.value).toBe('token-1');
    expect(next.grants).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'grant.succeeded', authorizationServer: next.origin });
  });
});

describe('nothing is sent to an authorization server', () => {
  /** An API and two servers, of which the user trusts the first. */
  async function startHostile(path?: string) {
    const started = await start(path);
    const hostile = await startAuthorizationServer({ metadata: {} });
    const { resource, server } = started;
    const { tokens, events } = serviceOf({ protectedResource: resource, issuers: [server.origin], timeoutMs: 300 });
    async function failure(): Promise<unknown> {
      const error = await failureOf(tokens.getToken());
      expect(hostile.requests).toEqual([]);
      expect(server.grants).toEqual([]);
      expect(linesThatShow(secret, [error, started.api.requests, events])).toEqual([]);
      return error;
    }
    return { ...started, hostile, failure };
  }

  test.each([
    ['another resource', (own: string) => own.replace('/mcp', '/other')],
    ['another host', () => 'https://evil.example/mcp'],
    ['its origin', (own: string) => own.replace('/mcp', '')],
    ['a longer path', (own: string) => `${own}/tools`],
    ['another case', (own: string) => own.replace('/mcp', '/MCP')],
  ])('if the metadata name %s [R-81]', async (_what, other) => {
    const { api, resource, ofServer, server, failure } = await startHostile();
    api.publish(`${wellKnown}/mcp`, { ...ofServer, resource: other(resource) });
    api.publish(wellKnown, { ...ofServer, resource: api.origin });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`"protectedResource" is "${resource}", but the metadata at`);
    expect(String(error)).toContain(`those of "${other(resource)}" (RFC 9728 §3.3)`);
    expect(server.requests).toEqual([]);
  });

  test('if the metadata differ in the trailing slash: the message says so', async () => {
    const { api, resource, ofServer, failure } = await startHostile();
    api.publish(`${wellKnown}/mcp`, { ...ofServer, resource: `${resource}/` });

    expect(String(await failure())).toMatch(/differ only in the trailing slash/);
  });

  test('if a 401 names metadata of another resource [R-81]', async () => {
    const { api, ofServer, failure } = await startHostile();
    const challenge = `Bearer resource_metadata="${api.origin}/meta"`;
    api.answer(probeOf('/mcp').slice(4), { status: 401, headers: { 'www-authenticate': challenge } });
    // A tenant of a shared host must not get the tokens for the whole host.
    api.publish('/meta', { ...ofServer, resource: api.origin });

    expect(String(await failure())).toContain('(RFC 9728 §3.3)');
  });

  test('if a 401 names metadata on another origin, which are not requested [R-82]', async () => {
    const { api, hostile, resource, ofServer, failure } = await startHostile();
    const challenge = `Bearer resource_metadata="${hostile.origin}/meta"`;
    api.answer(probeOf('/mcp').slice(4), { status: 401, headers: { 'www-authenticate': challenge } });

    const error = await failure();

    expect(String(error)).toContain(`no metadata of a protected resource at ${api.origin}${wellKnown}/mcp (HTTP 404)`);
    expect(ofServer.resource).toBe(resource);
  });

  test.each([
    ['only another issuer', (evil: string): unknown => [evil], 'which is not in "issuers"'],
    ['an issuer with a slash', (_evil: string, own: string): unknown => [`${own}/`], 'which is not in "issuers"'],
    ['no issuer', (): unknown => [], 'name no authorization server'],
    ['no list', (): unknown => undefined, 'name no authorization server'],
    ['a list of other values', (): unknown => [null, { issuer: 'x' }], 'which is not in "issuers"'],
    ['a text', (evil: string): unknown => evil, 'name no authorization server'],
  ])('if the metadata name %s', async (_what, servers, message) => {
    const { api, resource, hostile, server, failure } = await startHostile();
    api.publish(`${wellKnown}/mcp`, { resource, authorization_servers: servers(hostile.origin, server.origin) });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(message);
    expect(server.requests).toEqual([]);
  });

  test('if the issuer has metadata of another issuer [R-58]', async () => {
    const { api, resource } = await start();
    const evil = await startAuthorizationServer({ metadata: { issuer: 'https://attacker.example' } });
    api.publish(`${wellKnown}/mcp`, { resource, authorization_servers: [evil.origin] });
    const { tokens } = serviceOf({ protectedResource: resource, issuers: [evil.origin] });

    const error = await failureOf(tokens.getToken());

    expect(String(error)).toContain(
      `the protected resource names the issuer "${evil.origin}", but the metadata found there are those of "https://attacker.example"`,
    );
    expect(evil.grants).toEqual([]);
  });

  const html = { headers: { 'content-type': 'text/html' }, body: '<h1>Sign in</h1>' };
  const big = { body: JSON.stringify({ resource: 'x'.repeat(1024 * 1024) }) };
  test.each<[string, Answer | Handler, new (...args: never[]) => Error, string]>([
    [
      'a redirect elsewhere',
      redirect('https://evil.example/'),
      ConfigurationError,
      '(HTTP 302 to https://evil.example/)',
    ],
    ['HTML', html, ConfigurationError, '(HTTP 200, no JSON object)'],
    ['other JSON', { body: {} }, ConfigurationError, '(HTTP 200, a JSON object that names no resource)'],
    ['more than 1 MiB', big, InvalidTokenResponseError, 'is longer than 1 MiB'],
    ['silence', () => undefined, GrantUnavailableError, 'did not respond in time'],
    ['a body without end', (_, response) => void response.write('{'), GrantUnavailableError, 'did not respond in time'],
    ['a closed connection', (_, response) => void response.destroy(), GrantUnavailableError, 'could not be reached'],
    ['an outage', { status: 503, headers: { 'retry-after': '7' } }, GrantUnavailableError, '(HTTP 503)'],
  ])('if the well-known URL responds with %s', async (_what, answer, type, message) => {
    const { api, failure } = await startHostile();
    api.answer(`${wellKnown}/mcp`, answer);

    const error = await failure();

    expect(error).toBeInstanceOf(type);
    expect(String(error)).toContain(message);
    expect(String(error)).toContain(`${api.origin}${wellKnown}/mcp`);
  });

  test('if a redirect leads elsewhere: the target gets no request', async () => {
    const { api, hostile, failure } = await startHostile();
    api.answer(`${wellKnown}/mcp`, redirect(`${hostile.origin}/meta`));

    expect(String(await failure())).toContain('no metadata of a protected resource');
  });

  test('during an outage of the metadata of the path, those of the root are not used', async () => {
    const { api, ofServer, failure } = await startHostile();
    api.answer(`${wellKnown}/mcp`, { status: 503 });
    api.publish(wellKnown, { ...ofServer, resource: api.origin });

    expect(await failure()).toMatchObject({ retryable: true, status: 503 });
    expect(pathsOf(api)).toEqual([`GET ${wellKnown}/mcp`]);
  });

  function redirect(location: string): Answer {
    return { status: 302, headers: { location } };
  }
});

describe('http to another machine', () => {
  const issuers = ['https://auth.example'];

  test.each<[string, Partial<TokenServiceOptions>, string]>([
    [
      '"protectedResource"',
      { protectedResource: 'http://api.example/mcp', issuers },
      'its metadata would come from http://api.example',
    ],
    [
      '"issuers"',
      { protectedResource: 'https://api.example/mcp', issuers: ['http://auth.example'] },
      "set issuers: [dangerouslyAllowHttp('http://auth.example')]",
    ],
  ])('is an error in %s, before any request', (_option, options, message) => {
    expect(() => serviceOf(options)).toThrow(message);
    expect(() => serviceOf(options)).toThrow(ConfigurationError);
  });

  test('needs dangerouslyAllowHttp for each of them, and applies to no other server', async () => {
    const api = await startApi(outerAddress);
    const server = await startAuthorizationServer({ metadata: {}, address: outerAddress });
    const resource = `${api.origin}/mcp`;
    api.publish(`${wellKnown}/mcp`, { resource, authorization_servers: [server.origin] });
    const allowed = {
      protectedResource: dangerouslyAllowHttp(resource),
      issuers: [dangerouslyAllowHttp(server.origin)],
    };
    const { tokens, events } = serviceOf(allowed);

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 'token-1' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'http.allowed' }));

    // The token endpoint is on the origin of the API, for which http is allowed to read metadata, not to send secrets.
    const liar = await startAuthorizationServer({
      metadata: { token_endpoint: `${api.origin}/token` },
      address: outerAddress,
    });
    api.publish(`${wellKnown}/mcp`, { resource, authorization_servers: [liar.origin] });
    const error = await failureOf(
      serviceOf({ ...allowed, issuers: [dangerouslyAllowHttp(liar.origin)] }).tokens.getToken(),
    );
    expect(String(error)).toContain(`name the token endpoint ${api.origin}/token: only https`);
    expect(pathsOf(api)).not.toContain('POST /token');
  });
});

describe('the token request', () => {
  test.each<[string, Partial<TokenServiceOptions>, string[]]>([
    ['of the service', { resource: 'urn:own:x' }, ['urn:own:x']],
    ['in its parameters', { parameters: { resource: 'urn:own:y' } }, ['urn:own:y']],
  ])('keeps a resource %s', async (_what, options, expected) => {
    const { api, server, resource, ofServer } = await start();
    api.publish(`${wellKnown}/mcp`, ofServer);
    const { tokens } = serviceOf({ protectedResource: resource, issuers: [server.origin], ...options });

    await tokens.getToken();

    expect(resourcesOf(server.grants[0]?.body)).toEqual(expected);
  });

  test('of another grant type has the resource, too', async () => {
    const { api, server, resource, ofServer } = await start();
    api.publish(`${wellKnown}/mcp`, ofServer);
    const grant = jwtBearer({ assertion: () => 'an-assertion' });
    const { tokens } = serviceOf({
      protectedResource: resource,
      issuers: [server.origin],
      grant,
      clientId: undefined,
      clientSecret: undefined,
    });

    await tokens.getToken();

    expect(Object.fromEntries(new URLSearchParams(server.grants[0]?.body))).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: 'an-assertion',
      resource,
    });
  });

  test('has no resource without "protectedResource"', async () => {
    const server = await startAuthorizationServer({ metadata: {} });
    const { tokens } = serviceOf({ issuer: server.origin });

    await tokens.getToken();

    expect(resourcesOf(server.grants[0]?.body)).toEqual([]);
  });
});

test('events and stats name the resource, and the authorization server as soon as it is known', async () => {
  const { api, server, resource, ofServer } = await start();
  api.answer(`${wellKnown}/mcp`, { status: 503 });
  const { tokens, events, clock } = serviceOf({ protectedResource: resource, issuers: [server.origin] });
  await failureOf(tokens.getToken());
  const failed = events.find(({ type }) => type === 'grant.failed');
  expect(failed).toMatchObject({ authorizationServer: resource });
  expect(tokens.stats().authorizationServer).toBe(resource);

  api.publish(`${wellKnown}/mcp`, ofServer);
  clock.advance(minute);
  await tokens.getToken();

  const succeeded = events.find(({ type }) => type === 'grant.succeeded');
  expect(succeeded).toMatchObject({ authorizationServer: server.origin });
  expect(tokens.stats().authorizationServer).toBe(server.origin);
  expect(tokens.report?.({ type: 'http.allowed', origins: [] })).toMatchObject({ authorizationServer: server.origin });
});

test('services of different resources share no tokens', async () => {
  const { api, server } = await start();
  const store = memoryStore();
  const tokenOf = async (path: string): Promise<string> => {
    const resource = `${api.origin}${path}`;
    api.publish(`${wellKnown}${path}`, { resource, authorization_servers: [server.origin] });
    const { tokens } = serviceOf({ protectedResource: resource, issuers: [server.origin], store });
    await tokens.ready();
    return (await tokens.getToken()).value;
  };

  expect([await tokenOf('/a'), await tokenOf('/b'), await tokenOf('/a')]).toEqual(['token-1', 'token-2', 'token-1']);
});

test('a token is revoked at the server that the resource names', async () => {
  const { api, resource } = await start();
  const server: HttpServer = await startHttpServer(({ path }) => {
    const { origin } = server;
    const metadata = { issuer: origin, token_endpoint: `${origin}/token`, revocation_endpoint: `${origin}/revoke` };
    if (path.startsWith('/.well-known')) return { body: metadata };
    return path === '/token' ? granted('t') : {};
  });
  api.publish(`${wellKnown}/mcp`, { resource, authorization_servers: [server.origin] });
  const { tokens } = serviceOf({ protectedResource: resource, issuers: [server.origin] });
  await tokens.getToken();

  await expect(tokens.revoke()).resolves.toBe(true);

  expect(new URLSearchParams(server.requests.at(-1)?.body).get('token')).toBe('t');
});

test('requests to the API get their token while its metadata are requested, even by the same fetch [E30]', async () => {
  const { api, server, resource, ofServer } = await start();
  const challenge = `Bearer resource_metadata="${api.origin}/meta.json"`;
  const reject = { status: 401, headers: { 'www-authenticate': challenge } };
  api.answer('/mcp', ({ headers }) => (headers.authorization === undefined ? reject : {}));
  api.answer(probeOf('/mcp').slice(4), reject);
  api.publish('/meta.json', ofServer);
  let authorized: typeof fetch = fetch;
  const { tokens } = serviceOf({
    protectedResource: resource,
    issuers: [server.origin],
    fetch: async (...call) => authorized(...call),
  });
  authorized = withBearerToken(fetch, tokens, { origins: [api.origin] });

  const responses = await Promise.all([authorized(resource), authorized(resource)]);

  expect(responses.map(({ status }) => status)).toEqual([200, 200]);
  expect(server.grants).toHaveLength(1);
  const withoutToken = api.requests.filter(({ headers }) => headers.authorization === undefined);
  expect(withoutToken.map(({ path }) => path)).toEqual([`${wellKnown}/mcp`, probeOf('/mcp').slice(4), '/meta.json']);
});
