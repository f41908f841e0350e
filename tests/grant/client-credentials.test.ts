import { expect, test } from '@jest/globals';

import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { ConfigurationError, InvalidTokenResponseError } from '../../src/core/errors.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import type { ClientCredentialsOptions } from '../../src/grant/grant-options.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { fakeClock } from '../support/clock.js';
import { failureOf, granting, secret } from '../support/grant-outcome.js';

/** The body of the token request for a client with `client_secret_basic`. */
async function bodyFor(request?: TokenRequest): Promise<string | undefined> {
  const server = await startAuthorizationServer();
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint });
  await tokens.getToken(request);
  return server.grants[0]?.body;
}

test('posts a form with the grant type and nothing else [R-01 R-02 R-94 A55]', async () => {
  const server = await startAuthorizationServer();
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint });

  await tokens.getToken();

  expect(server.requests).toHaveLength(1);
  const [{ method, path, headers, body } = {}] = server.grants as {
    method?: string;
    path?: string;
    headers?: object;
    body?: string;
  }[];
  expect({ method, path, body }).toEqual({ method: 'POST', path: '/token', body: 'grant_type=client_credentials' });
  expect(headers).toMatchObject({
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  });
  expect(headers).not.toHaveProperty('cookie');
});

test('form-encodes parameters in UTF-8 [R-02 R-03]', async () => {
  const body = await bodyFor({ parameters: { vector: ' %&+£€' } });

  expect(body).toContain('vector=+%25%26%2B%C2%A3%E2%82%AC');
});

test('sends neither an empty scope nor another empty parameter [R-05 R-26]', async () => {
  const body = await bodyFor({ scope: '', resource: [], audience: '', parameters: { tenant: '' } });

  expect(body).toBe('grant_type=client_credentials');
});

test('sends the scope as one parameter, and each resource and audience as one of its own [R-13 R-53]', async () => {
  const body = new URLSearchParams(
    await bodyFor({
      scope: ['orders:write', 'orders:read'],
      resource: ['https://b.example/', 'https://a.example/'],
      audience: ['billing', 'api'],
      parameters: { tenant: 'a' },
    }),
  );

  expect(body.getAll('scope')).toEqual(['orders:read orders:write']);
  expect(body.getAll('resource')).toEqual(['https://a.example/', 'https://b.example/']);
  expect(body.getAll('audience')).toEqual(['api', 'billing']);
  expect(body.getAll('tenant')).toEqual(['a']);
});

test('sends a resource unchanged, including its path and slash [R-54]', async () => {
  const body = new URLSearchParams(await bodyFor({ resource: 'https://API.example/Orders/' }));

  expect(body.get('resource')).toBe('https://API.example/Orders/');
});

test('sends a resource that is no URI as a parameter, once [A52]', async () => {
  const guid = '00000002-0000-0000-c000-000000000000';

  const body = new URLSearchParams(await bodyFor({ parameters: { resource: guid, audience: 'api' } }));

  expect(body.getAll('resource')).toEqual([guid]);
  expect(body.getAll('audience')).toEqual(['api']);
});

test('rejects a malformed token request before anything is sent [R-04 R-08 R-52]', async () => {
  const server = await startAuthorizationServer();
  const { failure, events } = granting({ tokenEndpoint: server.tokenEndpoint });

  expect(await failure({ parameters: { client_secret: 'smuggled' } })).toBeInstanceOf(ConfigurationError);
  expect(await failure({ parameters: { scope: 'twice' } })).toBeInstanceOf(ConfigurationError);
  expect(await failure({ resource: 'https://api.example/#part' })).toBeInstanceOf(ConfigurationError);

  expect(server.requests).toEqual([]);
  expect(events).toEqual([]);
});

test.each([
  ['client_secret_basic', clientSecretBasic(secret), true, false],
  ['client_secret_post', clientSecretPost(secret), false, true],
])(
  'authenticates on each request by %s alone, never in the URL [R-07 R-08 R-10]',
  async (_method, clientAuthentication, inHeader, inBody) => {
    const server = await startAuthorizationServer();
    const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

    await tokens.getToken();
    await tokens.getToken();

    expect(server.grants).toHaveLength(2);
    for (const { headers, body, path } of server.grants) {
      expect(headers.authorization?.startsWith('Basic ') ?? false).toBe(inHeader);
      expect(new URLSearchParams(body).has('client_secret')).toBe(inBody);
      expect(new URLSearchParams(body).has('client_id')).toBe(inBody);
      expect(path).not.toContain(secret);
    }
  },
);

test('keeps the query and the trailing slash of the token endpoint [R-06]', async () => {
  const server = await startAuthorizationServer();
  const { tokens } = granting({ tokenEndpoint: `${server.origin}/token/?tenant=a&x=%20` });

  await tokens.getToken();

  expect(server.grants[0]?.path).toBe('/token/?tenant=a&x=%20');
});

test('keeps the query of the token endpoint, which may hold a key, out of errors and events [R-06 R-10]', async () => {
  const server = await startAuthorizationServer();
  const { failure, events } = granting({ tokenEndpoint: `${server.origin}/token?code=k3y-in-query` });
  server.script(refused('invalid_client'));

  const error = await failure();

  expect(String(error)).toContain(`${server.origin}/token`);
  expect(String(error)).not.toContain('k3y-in-query');
  expect(JSON.stringify(events)).not.toContain('k3y-in-query');
});

test('accepts a client id of any length [R-84]', async () => {
  const server = await startAuthorizationServer();
  const clientId = 'x'.repeat(300);
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientId });

  await tokens.getToken();

  const [, credentials = ''] = server.grants[0]?.headers.authorization?.split(' ') ?? [];
  expect(Buffer.from(credentials, 'base64').toString()).toBe(`${clientId}:${secret}`);
});

test('counts the latency of the grant against the lifetime of the token [C8]', async () => {
  const server = await startAuthorizationServer();
  const { tokens, clock } = granting({ tokenEndpoint: server.tokenEndpoint });
  const asked = clock.now();
  server.script(() => {
    clock.advance(10_000);
    return granted('slow', { expires_in: 60 });
  });

  const token = await tokens.getToken();

  expect(token.issuedAt).toBe(asked);
  expect(token.expiresAt).toBe(asked + 60_000);
  expect(token.remainingMs(clock)).toBe(50_000);
});

test('does not count the time of discovery and of reading the secret against the lifetime [C8]', async () => {
  const server = await startAuthorizationServer({ metadata: {} });
  const clock = fakeClock();
  const slowSecret = () => {
    clock.advance(10_000);
    return secret;
  };
  const { tokens } = granting({ issuer: server.origin, clientAuthentication: clientSecretBasic(slowSecret), clock });

  const token = await tokens.getToken();

  expect(token.remainingMs(clock)).toBe(3_600_000);
});

test('exposes the granted scope on the token and in the event [A17 R-14]', async () => {
  const server = await startAuthorizationServer();
  const { tokens, events } = granting({ tokenEndpoint: server.tokenEndpoint });
  server.script(granted('narrow', { scope: 'orders:read' }));

  const token = await tokens.getToken(
    { scope: 'orders:read orders:write' },
    { reason: 'rejected', attempts: { sent: 1 } },
  );

  expect(token.scope).toBe('orders:read');
  expect(events).toEqual([
    {
      type: 'grant.succeeded',
      authorizationServer: server.tokenEndpoint,
      clientId: 'orders',
      requestedScope: 'orders:read orders:write',
      reason: 'rejected',
      attempt: 2,
      scope: 'orders:read',
      lifetimeMs: 3_600_000,
      durationMs: 0,
      credential: { credential: 'secret', expiresAt: undefined },
      clockSkewMs: 0,
    },
  ]);
});

test.each([
  ['absent', {}, undefined],
  ['empty', { scope: '' }, undefined],
  ['null', { scope: null }, undefined],
  ['a list', { scope: ['a'] }, undefined],
  ['reordered', { scope: 'b a' }, 'b a'],
  ['reduced', { scope: 'a' }, 'a'],
  ['wider', { scope: 'a b c' }, 'a b c'],
])('accepts a scope that is %s, and ignores unknown members [A36 R-14 R-15 A51]', async (_what, members, scope) => {
  const server = await startAuthorizationServer();
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint });
  server.script(granted('t', { ...members, not_before_policy: 0, session_state: { deep: [null] } }));

  const token = await tokens.getToken({ scope: 'b a' });

  expect(token).toMatchObject({ value: 't', scope });
});

test('does not report the requested scope as the granted one if the server does not name it [A51]', async () => {
  const server = await startAuthorizationServer();
  const { tokens, events } = granting({ tokenEndpoint: server.tokenEndpoint });

  const token = await tokens.getToken({ scope: 'a' });

  expect(token.scope).toBeUndefined();
  expect(events).toMatchObject([{ type: 'grant.succeeded', requestedScope: 'a', scope: undefined }]);
});

test('cleans a granted scope of control characters, and shortens it in events [A53]', async () => {
  const server = await startAuthorizationServer();
  const { tokens, events } = granting({ tokenEndpoint: server.tokenEndpoint });
  const long = `a ${'b'.repeat(1_000)}`;
  server.script(granted('t', { scope: '\u001b[31ma\r\nb\u0085c"' }), granted('t', { scope: long }));

  const [odd, whole] = [await tokens.getToken(), await tokens.getToken({ scope: long })];

  expect(odd.scope).toBe('[31ma b c');
  expect(whole.scope).toBe(long);
  const short = `a ${'b'.repeat(297)}…`;
  expect(events).toMatchObject([{ scope: '[31ma b c' }, { scope: short, requestedScope: short }]);
});

test('leaves the scope undefined if neither request nor response has one [R-14]', async () => {
  const server = await startAuthorizationServer();
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint });

  const token = await tokens.getToken();

  expect(token.scope).toBeUndefined();
});

test('reports a failed grant by an event with server, client, scope and error', async () => {
  const server = await startAuthorizationServer();
  const { failure, events, clock } = granting({ tokenEndpoint: server.tokenEndpoint });
  server.script(() => {
    clock.advance(70);
    return { body: 'no token' };
  });

  const error = await failure({ scope: 'a' });

  expect(error).toBeInstanceOf(InvalidTokenResponseError);
  expect(events).toEqual([
    {
      type: 'grant.failed',
      authorizationServer: server.tokenEndpoint,
      clientId: 'orders',
      requestedScope: 'a',
      reason: undefined,
      attempt: 1,
      error,
      durationMs: 70,
    },
  ]);
});

test.each<[string, (pending: Promise<never>) => Partial<ClientCredentialsOptions>]>([
  ['the authorization server', (pending) => ({ fetch: () => pending })],
  ['its metadata', (pending) => ({ issuer: 'https://auth.example', tokenEndpoint: undefined, fetch: () => pending })],
  ['the secret', (pending) => ({ clientAuthentication: clientSecretBasic(() => pending) })],
])('stops waiting for %s when the signal of the call is aborted [B6]', async (_what, options) => {
  let end: (error: Error) => void = () => {};
  const pending = new Promise<never>((_resolve, reject) => (end = reject));
  pending.catch(() => {});
  const { tokens } = granting({ tokenEndpoint: 'https://auth.example/token', ...options(pending) });
  const controller = new AbortController();

  const failure = failureOf(tokens.getToken(undefined, { signal: controller.signal }));
  controller.abort(new Error('no time'));

  expect(await failure).toEqual(new Error('no time'));
  end(new Error('too late'));
});

test('ends the request of an aborted call [B6]', async () => {
  const server = await startAuthorizationServer();
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint });
  const controller = new AbortController();
  const closed = new Promise<void>((resolve) => {
    server.script((_request, response) => {
      response.on('close', resolve);
      controller.abort(new Error('no time'));
      return undefined;
    });
  });

  expect(await failureOf(tokens.getToken(undefined, { signal: controller.signal }))).toEqual(new Error('no time'));
  await closed;
});

test('keeps concurrent grants independent of each other', async () => {
  const server = await startAuthorizationServer();
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint });
  server.script(({ body }) => {
    const scope = new URLSearchParams(body).get('scope') ?? '';
    return scope === 'b' ? refused('invalid_scope') : granted(`for-${scope}`);
  });

  const [a, b, c] = await Promise.all([
    tokens.getToken({ scope: 'a' }),
    failureOf(tokens.getToken({ scope: 'b' })),
    tokens.getToken({ scope: 'c' }),
  ]);

  expect(a.value).toBe('for-a');
  expect(b).toMatchObject({ error: 'invalid_scope' });
  expect(c.value).toBe('for-c');
});

test.each([999, 1_001, 2_002, 4_999.5, 2_147_483_647])(
  'accepts any deadline that a timer supports: %p ms',
  async (timeoutMs) => {
    const server = await startAuthorizationServer();
    const { tokens } = granting({
      tokenEndpoint: server.tokenEndpoint,
      timeoutMs,
    });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 'token-1' });
  },
);

test('reports a token endpoint on another host than the issuer, without its query [R-65]', async () => {
  const server = await startAuthorizationServer();
  const elsewhere = server.tokenEndpoint.replace('127.0.0.1', 'localhost');
  const issuer = await startAuthorizationServer({ metadata: { token_endpoint: `${elsewhere}?tenant=a` } });
  // The name localhost may resolve to another address.
  const fetch: typeof globalThis.fetch = (url, init) =>
    globalThis.fetch((url as string).replace('localhost', '127.0.0.1'), init);
  const { tokens, events } = granting({ issuer: issuer.origin, fetch });

  await tokens.getToken();

  expect(events).toMatchObject([{ type: 'grant.succeeded', tokenEndpoint: elsewhere }]);
});

test('does not report a token endpoint on the host of the issuer', async () => {
  const server = await startAuthorizationServer({ metadata: {} });
  const { tokens, events } = granting({ issuer: server.origin });

  await tokens.getToken();

  expect(events).toHaveLength(1);
  expect(events[0]).not.toHaveProperty('tokenEndpoint');
});

test('rejects with the reason of an aborted signal, without a failure event [B6]', async () => {
  const { tokens, events } = granting({
    tokenEndpoint: 'https://auth.example/token',
    fetch: () => new Promise(() => {}),
  });
  const caller = new AbortController();

  const failure = failureOf(tokens.getToken(undefined, { signal: caller.signal }));
  // The reason of AbortSignal.timeout.
  caller.abort(new DOMException('enough', 'TimeoutError'));

  expect(await failure).toBe(caller.signal.reason);
  expect(events).toEqual([]);
});
