import { describe, expect, test } from '@jest/globals';

import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { ConfigurationError, GrantUnavailableError, TokenError } from '../../src/core/errors.js';
import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { failureOf, granting, linesThatShow } from '../support/grant-outcome.js';
import { type Answer, type HttpServer, startHttpServer } from '../support/http-server.js';
import { signingKey } from '../support/signing-keys.js';

const hour = 3_600_000;
const day = 24 * hour;

/** A server with these documents, and a token endpoint at `/grant`. */
async function serverOf(documents: Readonly<Record<string, (origin: string) => Answer>>): Promise<HttpServer> {
  const server: HttpServer = await startHttpServer(({ path }) =>
    path === '/grant' ? granted('t') : (documents[path]?.(server.origin) ?? { status: 404 }),
  );
  return server;
}

/** The metadata of an issuer whose path is `path`. */
const metadataOf =
  (path = '', members: object = {}) =>
  (origin: string): Answer => ({ body: { issuer: `${origin}${path}`, token_endpoint: `${origin}/grant`, ...members } });

const pathsOf = ({ requests }: HttpServer): string[] => requests.map(({ method, path }) => `${method} ${path}`);

const oauth = '/.well-known/oauth-authorization-server';
const oidc = '/.well-known/openid-configuration';

describe('discovery', () => {
  test.each([
    ['', oauth, oidc],
    ['/', oauth, oidc],
    ['/tenant', `${oauth}/tenant`, `/tenant${oidc}`],
    ['/tenant/', `${oauth}/tenant`, `/tenant${oidc}`],
    ['/realms/a%20b', `${oauth}/realms/a%20b`, `/realms/a%20b${oidc}`],
  ])('of an issuer with the path "%s" requests %s, then %s [R-56 R-57 R-61 A38]', async (path, first, second) => {
    const server = await serverOf({ [second]: metadataOf(path) });
    const { tokens } = granting({ issuer: `${server.origin}${path}` });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });

    expect(pathsOf(server)).toEqual([`GET ${first}`, `GET ${second}`, 'POST /grant']);
  });

  test('sends one request if the metadata are at the first place [R-57]', async () => {
    const server = await serverOf({ [`${oauth}/tenant`]: metadataOf('/tenant') });
    const { tokens } = granting({ issuer: `${server.origin}/tenant` });

    await tokens.getToken();

    expect(pathsOf(server)).toEqual([`GET ${oauth}/tenant`, 'POST /grant']);
  });

  test.each<[string, Answer]>([
    ['a 401', { status: 401, headers: { 'www-authenticate': 'Basic' } }],
    ['a 403', { status: 403 }],
    ['a 301', { status: 301, headers: { location: 'https://elsewhere.example/' } }],
    ['a 500', { status: 500, body: 'oops' }],
    ['a 429', { status: 429 }],
    ['an empty 200', { status: 200 }],
    ['a 204', { status: 204 }],
    ['a sign-in page with a 200', { headers: { 'content-type': 'text/html' }, body: '<h1>Sign in</h1>' }],
    ['truncated JSON', { headers: { 'content-type': 'application/json' }, body: '{"issuer":"' }],
    ['JSON that is no object', { headers: { 'content-type': 'application/json' }, body: 'null' }],
    ['an error in JSON', { status: 404, body: { error: 'not_found' } }],
    ['JSON that is no metadata', { body: { status: 'up', version: 3 } }],
    ['JSON whose issuer is no text', { body: { issuer: { name: 'auth' } } }],
  ])('tries the second place after %s at the first [A38 A47]', async (_what, answer) => {
    const server = await serverOf({ [oauth]: () => answer, [oidc]: metadataOf() });
    const { tokens } = granting({ issuer: server.origin });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
  });

  test.each([301, 302, 303, 307, 308])('follows a redirect by %d to a trailing slash [A47 A38]', async (status) => {
    const server = await serverOf({
      [oauth]: () => ({ status, headers: { location: `${oauth}/` } }),
      [`${oauth}/`]: metadataOf(),
    });
    const { tokens } = granting({ issuer: server.origin });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
    expect(pathsOf(server)).toEqual([`GET ${oauth}`, `GET ${oauth}/`, 'POST /grant']);
  });

  test('follows three redirects, and no more [A47]', async () => {
    const hops = Object.fromEntries(
      [oauth, '/2', '/3', '/4', '/5'].map((path, index) => [
        path,
        () => ({ status: 302, headers: { location: `/${index + 2}` } }),
      ]),
    );
    const within = await serverOf({ ...hops, '/4': metadataOf() });
    const beyond = await serverOf({ ...hops, '/5': metadataOf() });

    await expect(granting({ issuer: within.origin }).tokens.getToken()).resolves.toMatchObject({ value: 't' });
    const error = await granting({ issuer: beyond.origin }).failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`${beyond.origin}/4 (HTTP 302 to ${beyond.origin}/5)`);
    expect(pathsOf(beyond)).not.toContain('GET /5');
  });

  test('does not follow a redirect to another origin, and names its target without a query [A47 A21 F15]', async () => {
    const elsewhere = await serverOf({ [oauth]: metadataOf() });
    const location = `${elsewhere.origin.replace('//', '//user:s3cret@')}${oauth}?key=s3cret`;
    const server = await serverOf({ [oauth]: () => ({ status: 301, headers: { location } }) });
    const { failure } = granting({ issuer: server.origin });

    const error = await failure();

    expect(String(error)).toContain(`${server.origin}${oauth} (HTTP 301 to ${elsewhere.origin}${oauth})`);
    expect(String(error)).not.toContain('s3cret');
    expect(elsewhere.requests).toEqual([]);
  });

  test('sends no credentials and no cookies', async () => {
    const server = await serverOf({ [oauth]: metadataOf() });
    const { tokens } = granting({ issuer: server.origin });

    await tokens.getToken();

    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(server.requests[0]?.headers).not.toHaveProperty('cookie');
    expect(server.requests[0]?.body).toBe('');
  });

  test('names both places if the metadata are at neither', async () => {
    const server = await serverOf({});
    const { failure } = granting({ issuer: `${server.origin}/tenant` });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`${server.origin}${oauth}/tenant (HTTP 404)`);
    expect(String(error)).toContain(`${server.origin}/tenant${oidc} (HTTP 404)`);
    expect(String(error)).toContain('check "issuer" or set "tokenEndpoint"');
  });

  test.each([408, 425, 429, 500, 503])(
    'is an outage, not a configuration error, if one place answers %p [A26]',
    async (status) => {
      const server = await serverOf({ [oauth]: () => ({ status, headers: { 'retry-after': '30' } }) });
      const { failure } = granting({ issuer: server.origin });

      const error = await failure();

      expect(error).toBeInstanceOf(GrantUnavailableError);
      expect(error).toMatchObject({ retryable: true, status });
    },
  );

  test('reports the Retry-After of the server [A4 R-41]', async () => {
    const server = await serverOf({ [oauth]: () => ({ status: 503, headers: { 'retry-after': '30' } }) });
    const { failure } = granting({ issuer: server.origin });

    expect(await failure()).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryAfterMs: 30_000 });
  });

  test('reads no more than 1 MiB [A19]', async () => {
    const server = await serverOf({ [oauth]: metadataOf('', { padding: 'x'.repeat(1_048_576) }) });
    const { failure } = granting({ issuer: server.origin });

    const error = await failure();

    expect(error).toBeInstanceOf(TokenError);
    expect(String(error)).toContain('longer than 1 MiB');
  });
});

describe('the issuer in the metadata', () => {
  test.each([
    ['', '/'],
    ['/', ''],
    ['/tenant', '/tenant/'],
    ['/tenant/', '/tenant'],
  ])(
    'with the path "%s" configured and "%s" found is an error that names the trailing slash [R-58 A38]',
    async (configured, found) => {
      const documents = [oauth, oidc, `${oauth}/tenant`, `/tenant${oidc}`].map((path) => [path, metadataOf(found)]);
      const server = await serverOf(Object.fromEntries(documents));
      const { failure } = granting({ issuer: `${server.origin}${configured}` });

      const error = await failure();

      expect(error).toBeInstanceOf(ConfigurationError);
      expect(String(error)).toContain(`"${server.origin}${configured}"`);
      expect(String(error)).toContain(`"${server.origin}${found}"`);
      expect(String(error)).toContain('trailing slash');
      expect(pathsOf(server)).not.toContain('POST /grant');
    },
  );

  test.each([
    ['of another server', (origin: string) => origin.replace('127.0.0.1', 'evil.example')],
    ['in other case', (origin: string) => origin.replace('http:', 'HTTP:')],
    ['with another path', (origin: string) => `${origin}/other`],
    ['with a query', (origin: string) => `${origin}?x`],
    ['that is no URL', () => 'auth'],
    ['that is very long', () => `https://${'x'.repeat(10_000)}.example`],
  ])('%s is a final error, and no credentials are sent [R-58 A26 A47]', async (_what, found) => {
    const server = await serverOf({ [oauth]: (origin) => metadataOf('', { issuer: found(origin) })(origin) });
    const { failure } = granting({ issuer: server.origin });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain('RFC 8414 §3.3');
    expect(String(error)).toContain('set "issuer" to the name in the metadata, or "tokenEndpoint" instead of "issuer"');
    expect(String(error).length).toBeLessThan(1_000);
    expect(pathsOf(server)).toEqual([`GET ${oauth}`]);
  });

  test.each([[undefined], [null], [7], [{}]])('must not be %p [R-58]', async (issuer) => {
    const server = await serverOf({ [oauth]: metadataOf('', { issuer }) });
    const { failure } = granting({ issuer: server.origin });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`${server.origin}${oauth} (HTTP 200, a JSON object that names no issuer)`);
  });

  test('is accepted in a document of the content type text/plain [R-58]', async () => {
    const server = await serverOf({
      [oauth]: (origin) => ({
        headers: { 'content-type': 'text/plain' },
        body: JSON.stringify(metadataOf()(origin).body),
      }),
    });
    const { tokens } = granting({ issuer: server.origin });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
  });

  test('is named in the error if the URL of the metadata is configured instead', async () => {
    const server = await serverOf({ [oidc]: metadataOf() });
    const { failure } = granting({ issuer: `${server.origin}${oidc}` });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`those of "${server.origin}"`);
  });
});

const odd = `\u001b[31m\r\n\u0085${'x'.repeat(10_000)}`;

test.each<[string, object]>([
  ['issuer', { issuer: `https://evil.example/${odd}` }],
  ['token endpoint', { token_endpoint: `http://evil.example/${odd}` }],
  ['client authentication methods', { token_endpoint_auth_methods_supported: [odd, 7, null] }],
])('odd texts in the metadata are cleaned and bounded in messages: %s [A53]', async (_what, members) => {
  const server = await serverOf({ [oauth]: metadataOf('', members) });
  const { failure, events } = granting({ issuer: server.origin });

  const error = await failure();

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toMatch(/^[\x20-\x7e…§]{1,900}$/);
  expect(events).toMatchObject([{ type: 'grant.failed', error }]);
});

test('odd signing algorithms in the metadata are cleaned and bounded in messages [A53]', async () => {
  const { privateKey } = await signingKey();
  const server = await serverOf({
    [oauth]: metadataOf('', { token_endpoint_auth_signing_alg_values_supported: [odd] }),
  });
  const { failure } = granting({ issuer: server.origin, clientAuthentication: privateKeyJwt({ key: privateKey }) });

  expect(String(await failure())).toMatch(/^[\x20-\x7e…§]{1,900}$/);
});

test.each([
  ['Location', { status: 302, headers: { location: `/${'x'.repeat(10_000)}` } }],
  ['Content-Type', { status: 200, headers: { 'content-type': 'x'.repeat(10_000) } }],
])('a long %s is bounded in messages [A53]', async (_what, answer) => {
  const server = await startAuthorizationServer();
  server.script(answer);

  expect(String(await granting({ tokenEndpoint: server.tokenEndpoint }).failure()).length).toBeLessThan(900);
});

test('a user and a password in an issuer are in no message or event [F15]', async () => {
  const server = await serverOf({ [oauth]: metadataOf() });
  const { failure, events } = granting({ issuer: server.origin.replace('//', '//user:s3cret@') });

  const error = await failure();

  expect(linesThatShow('s3cret', [error, ...events])).toEqual([]);
});

describe('the token endpoint in the metadata', () => {
  test.each([[undefined], [null], [''], ['/token'], [5]])(
    'must not be %p, and the error says what to set',
    async (endpoint) => {
      const server = await serverOf({ [oauth]: metadataOf('', { token_endpoint: endpoint }) });
      const { failure } = granting({ issuer: server.origin });

      const error = await failure();

      expect(error).toBeInstanceOf(ConfigurationError);
      expect(String(error)).toContain('name no token endpoint; set "tokenEndpoint"');
    },
  );

  test('may be on another host than the issuer', async () => {
    const elsewhere = await startAuthorizationServer();
    const server = await serverOf({ [oauth]: metadataOf('', { token_endpoint: elsewhere.tokenEndpoint }) });
    const { tokens } = granting({ issuer: server.origin });

    await tokens.getToken();

    expect(elsewhere.grants).toHaveLength(1);
  });

  test('keeps its query [R-06]', async () => {
    const elsewhere = await startAuthorizationServer();
    const endpoint = `${elsewhere.tokenEndpoint}?p=b2c_1`;
    const server = await serverOf({ [oauth]: metadataOf('', { token_endpoint: endpoint }) });
    const { tokens } = granting({ issuer: server.origin });

    await tokens.getToken();

    expect(elsewhere.grants[0]?.path).toBe('/token?p=b2c_1');
  });
});

test('incomplete grant types and scopes in the metadata are ignored', async () => {
  const incomplete = { grant_types_supported: ['authorization_code'], scopes_supported: ['openid'] };
  const server = await serverOf({ [oauth]: metadataOf('', incomplete) });
  const { tokens } = granting({ issuer: server.origin });

  await expect(tokens.getToken({ scope: 'orders:read' })).resolves.toMatchObject({ value: 't' });
});

describe('known metadata', () => {
  test('are kept for 24 hours [A26]', async () => {
    const server = await serverOf({ [oauth]: metadataOf() });
    const { tokens, clock } = granting({ issuer: server.origin });

    await tokens.getToken();
    clock.advance(day - 1);
    await tokens.getToken();
    const before = pathsOf(server);
    clock.advance(1);
    await tokens.getToken();

    expect(before).toEqual([`GET ${oauth}`, 'POST /grant', 'POST /grant']);
    expect(pathsOf(server)).toEqual([...before, `GET ${oauth}`, 'POST /grant']);
  });

  test('are kept for 24 hours by the clock that is further ahead [A26]', async () => {
    const server = await serverOf({ [oauth]: metadataOf() });
    const { tokens, clock } = granting({ issuer: server.origin });

    await tokens.getToken();
    clock.step(-7 * day);
    clock.advance(day);
    await tokens.getToken();

    expect(pathsOf(server).filter((path) => path.startsWith('GET'))).toHaveLength(2);
  });

  test.each<[string, (origin: string) => Answer]>([
    ['an outage', () => ({ status: 503 })],
    ['a page', () => ({ headers: { 'content-type': 'text/html' }, body: '<h1>Sign in</h1>' })],
  ])('stay in use during %s, until new ones are found a minute later [A26]', async (_what, answer) => {
    let answerNow: (origin: string) => Answer = metadataOf();
    const server = await serverOf({ [oauth]: (origin) => answerNow(origin) });
    const moved = await startAuthorizationServer();
    const { tokens, clock } = granting({ issuer: server.origin });
    await tokens.getToken();

    clock.advance(day);
    answerNow = answer;
    const during = await tokens.getToken();
    answerNow = metadataOf('', { token_endpoint: moved.tokenEndpoint });
    clock.advance(60_000);
    const after = await tokens.getToken();

    expect(during.value).toBe('t');
    expect(after.value).toBe('token-1');
    expect(moved.grants).toHaveLength(1);
  });

  test('stay in use while the server cannot be reached [A26]', async () => {
    const server = await serverOf({ [oauth]: metadataOf() });
    let isReachable = true;
    const { tokens, clock } = granting({
      issuer: server.origin,
      fetch: (input, init) =>
        isReachable || init?.method === 'POST' ? fetch(input, init) : Promise.reject(new TypeError('fetch failed')),
    });
    await tokens.getToken();

    clock.advance(day);
    isReachable = false;
    const token = await tokens.getToken();

    expect(token.value).toBe('t');
  });

  test('are not used any more if they are replaced by those of another issuer [R-58 A26]', async () => {
    let issuer: string | undefined;
    const server = await serverOf({
      [oauth]: (origin) => ({ body: { issuer: issuer ?? origin, token_endpoint: `${origin}/grant` } }),
    });
    const { tokens, clock } = granting({ issuer: server.origin });
    await tokens.getToken();

    clock.advance(day);
    issuer = 'https://evil.example';
    const error = await failureOf(tokens.getToken());

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(pathsOf(server).filter((path) => path === 'POST /grant')).toHaveLength(1);
  });

  test('are discovered once for concurrent grants [A26]', async () => {
    const server = await serverOf({ [oauth]: metadataOf() });
    const { tokens } = granting({ issuer: server.origin });

    await Promise.all([tokens.getToken({ scope: 'a' }), tokens.getToken({ scope: 'b' }), tokens.getToken()]);

    expect(pathsOf(server).filter((path) => path.startsWith('GET'))).toHaveLength(1);
  });

  test('are discovered again after a failure, which concurrent grants share [A26]', async () => {
    let isDown = true;
    const server = await serverOf({
      [oauth]: (origin) => (isDown ? { status: 503 } : metadataOf()(origin)),
    });
    const { tokens } = granting({ issuer: server.origin });

    const failures = await Promise.all([failureOf(tokens.getToken({ scope: 'a' })), failureOf(tokens.getToken())]);
    isDown = false;
    const token = await tokens.getToken();

    expect(failures[0]).toBeInstanceOf(GrantUnavailableError);
    expect(failures[1]).toBeInstanceOf(GrantUnavailableError);
    expect(token.value).toBe('t');
    expect(pathsOf(server)).toEqual([`GET ${oauth}`, `GET ${oidc}`, `GET ${oauth}`, 'POST /grant']);
  });
});
