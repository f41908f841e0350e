import { describe, expect, test } from '@jest/globals';

import { clientSecretPost } from '../../src/authentication/client-secret.js';
import type { TokenEvent } from '../../src/core/events.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService, type TokenService } from '../../src/service/token-service.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { failureOf, linesThatShow, secret } from '../support/grant-outcome.js';
import { type Answer, type Handler, type HttpServer, startHttpServer } from '../support/http-server.js';
import { collectNotable } from '../support/events.js';

interface Running {
  readonly tokens: TokenService;
  readonly server: HttpServer;
  readonly revocations: HttpServer;
  readonly events: readonly TokenEvent[];
}

/** A token service at a server that grants `token-1`, `token-2` and so on, and whose revocation endpoint answers this. */
async function running(answer: Answer | Handler, options: Partial<TokenServiceOptions> = {}): Promise<Running> {
  const revocations = await startHttpServer(typeof answer === 'function' ? answer : () => answer);
  const server = await startAuthorizationServer({ metadata: { revocation_endpoint: `${revocations.origin}/revoke` } });
  const events: TokenEvent[] = [];
  const tokens = createTokenService({
    issuer: server.origin,
    clientId: 'orders',
    clientSecret: secret,
    onEvent: collectNotable(events),
    ...options,
  });
  return { tokens, server, revocations, events };
}

const basic = `Basic ${Buffer.from(`orders:${secret}`).toString('base64')}`;

describe('revoke', () => {
  test('posts each kept token with its kind, authenticated as a grant is [R-76]', async () => {
    const { tokens, revocations } = await running({});
    await tokens.getToken({ scope: 'a' });
    await tokens.getToken({ scope: 'b' });

    await expect(tokens.revoke()).resolves.toBe(true);

    const posts = revocations.requests.map(({ method, path, headers, body }) => ({
      request: `${method} ${path}`,
      authorization: headers.authorization,
      body: Object.fromEntries(new URLSearchParams(body)),
    }));
    const request = { request: 'POST /revoke', authorization: basic };
    expect(posts).toEqual([
      { ...request, body: { token: expect.stringMatching(/^token-\d$/), token_type_hint: 'access_token' } },
      { ...request, body: { token: expect.stringMatching(/^token-\d$/), token_type_hint: 'access_token' } },
    ]);
    expect(new Set(posts.map(({ body }) => body['token'])).size).toBe(2);
    expect(revocations.requests[0]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
  });

  test('authenticates in the body where the grant does [R-76]', async () => {
    const { tokens, revocations } = await running(
      {},
      { clientSecret: undefined, clientAuthentication: clientSecretPost(secret) },
    );
    await tokens.getToken();

    await tokens.revoke();

    expect(new URLSearchParams(revocations.requests[0]?.body).get('client_secret')).toBe(secret);
    expect(revocations.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  test('a revoked token is handed out no more: whoever asks gets a new one [R-78]', async () => {
    const { tokens } = await running({});
    await tokens.getToken();

    const revoking = tokens.revoke();
    const [meanwhile, revoked] = [await tokens.getToken(), await revoking];

    expect(revoked).toBe(true);
    expect(meanwhile.value).toBe('token-2');
    expect((await tokens.getToken()).value).toBe('token-2');
  });

  test('a revoked token is not the answer to a request that was rejected with it, shortly after its renewal [R-78]', async () => {
    const { tokens } = await running({});
    const first = await tokens.getToken();
    const second = await tokens.getToken(undefined, { replacing: first });
    await tokens.revoke();

    expect((await tokens.getToken(undefined, { replacing: second })).value).toBe('token-3');
  });

  test('asks nobody when there is no token [F9]', async () => {
    const { tokens, server, revocations } = await running({});

    await expect(tokens.revoke()).resolves.toBe(true);

    expect([...server.requests, ...revocations.requests]).toEqual([]);
  });

  test.each<[string, Answer | Handler, string]>([
    ['503', { status: 503 }, 'ERR_GRANT_UNAVAILABLE'],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '60' } }, 'ERR_GRANT_UNAVAILABLE'],
    ['400 unsupported_token_type', refused('unsupported_token_type'), 'ERR_GRANT_REJECTED'],
    ['401 invalid_client', refused('invalid_client', { status: 401 }), 'ERR_GRANT_REJECTED'],
    ['302', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'ERR_GRANT_REJECTED'],
    ['a closed connection', (_request, response) => void response.destroy(), 'ERR_GRANT_UNAVAILABLE'],
  ])('resolves to false on %s; an event says why, without the token [F9 R-77]', async (_what, answer, code) => {
    const { tokens, events } = await running(answer);
    await tokens.getToken();

    await expect(tokens.revoke()).resolves.toBe(false);

    expect(events.at(-1)).toMatchObject({ type: 'revocation.failed', tokens: 1, error: { code } });
    expect(linesThatShow('token-1', events)).toEqual([]);
    expect(linesThatShow(secret, events)).toEqual([]);
    expect((await tokens.getToken()).value).toBe('token-2');
  });

  test('takes an unknown token for revoked [R-77]', async () => {
    const { tokens, events } = await running({ status: 200, body: '' });
    await tokens.getToken();

    await expect(tokens.revoke()).resolves.toBe(true);

    expect(events.map(({ type }) => type)).toEqual(['grant.succeeded']);
  });

  test.each<[string, Partial<TokenServiceOptions>, string]>([
    ['the metadata name none', {}, 'its metadata name no "revocation_endpoint"'],
    ['there is nothing to discover', { issuer: undefined }, 'set "revocationEndpoint"'],
  ])('resolves to false without a revocation endpoint: %s [F9]', async (_what, options, advice) => {
    const server = await startAuthorizationServer({ metadata: {} });
    const tokenEndpoint = 'issuer' in options ? server.tokenEndpoint : undefined;
    const { tokens, events } = await running({}, { issuer: server.origin, tokenEndpoint, ...options });
    await tokens.getToken();

    await expect(tokens.revoke()).resolves.toBe(false);

    expect(events.at(-1)).toMatchObject({
      type: 'revocation.failed',
      error: { code: 'ERR_CONFIGURATION', message: expect.stringContaining(advice) },
    });
  });

  test('posts to "revocationEndpoint" beside a token endpoint [R-76]', async () => {
    const revocations = await startHttpServer(() => ({}));
    const server = await startAuthorizationServer();
    server.script(granted('t'));
    const { tokens } = await running(
      {},
      {
        issuer: undefined,
        tokenEndpoint: server.tokenEndpoint,
        revocationEndpoint: `${revocations.origin}/revoke`,
      },
    );
    await tokens.getToken();

    await expect(tokens.revoke()).resolves.toBe(true);

    expect(revocations.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /revoke']);
  });

  test('posts no token over http to another machine [R-27 R-76]', async () => {
    const server = await startAuthorizationServer({ metadata: { revocation_endpoint: 'http://auth.example/revoke' } });
    const { tokens, events } = await running({}, { issuer: server.origin });
    await tokens.getToken();

    await expect(tokens.revoke()).resolves.toBe(false);

    expect(events.at(-1)).toMatchObject({ error: { code: 'ERR_CONFIGURATION' } });
  });
});

test.each<[Partial<TokenServiceOptions>, string]>([
  [{ issuer: 'https://auth.example' }, '"revocationEndpoint" requires "tokenEndpoint"'],
  [{ tokenEndpoint: 'https://auth.example/token', revocationEndpoint: 'http://auth.example/revoke' }, 'https URL'],
])('refuses a revocation endpoint that it cannot use: %p [F10 R-27]', async (options, message) => {
  const make = async (): Promise<TokenService> =>
    createTokenService({
      clientId: 'orders',
      clientSecret: secret,
      revocationEndpoint: 'https://auth.example/revoke',
      ...options,
    });

  expect(String(await failureOf(make()))).toContain(message);
});
