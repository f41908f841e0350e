import { describe, expect, test } from '@jest/globals';

import { clientSecretBasic, clientSecretByMetadata, clientSecretPost } from '../../src/authentication/client-secret.js';
import { GrantRejectedError } from '../../src/core/errors.js';
import { createTokenService } from '../../src/service/token-service.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { fakeClock } from '../support/clock.js';
import { granting } from '../support/grant-outcome.js';
import {
  type Answer,
  type Handler,
  type HttpServer,
  type RecordedRequest,
  startHttpServer,
} from '../support/http-server.js';

const secretIn = ({ body }: RecordedRequest): string | null => new URLSearchParams(body).get('client_secret');

/** A secret that returns each of these in turn, and then the last one. */
function rotating(...secrets: readonly string[]): () => string {
  const left = [...secrets];
  return () => (left.length > 1 ? left.shift() : left[0]) ?? '';
}

/** A client whose secret takes these values in turn, at a server that accepts one of them. */
async function withSecrets(secrets: readonly string[], known: string) {
  const server = await startAuthorizationServer();
  server.script((request) => (secretIn(request) === known ? granted('t') : refused('invalid_client', { status: 401 })));
  const clientAuthentication = clientSecretPost(rotating(...secrets));
  return { server, ...granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication }) };
}

describe('a rejected secret [A7 F1]', () => {
  test('is resolved again, and the grant is repeated if it has changed', async () => {
    const { server, tokens, events } = await withSecrets(['old', 'new'], 'new');

    const token = await tokens.getToken();

    expect(token.value).toBe('t');
    expect(server.grants.map(secretIn)).toEqual(['old', 'new']);
    expect(events.map(({ type }) => type)).toEqual(['grant.failed', 'credential.reread', 'grant.succeeded']);
  });

  test.each<[string, Answer]>([
    ['a 401 with unauthorized_client', refused('unauthorized_client', { status: 401 })],
    ['a 400 with unauthorized_client', refused('unauthorized_client')],
    ['a 401 without a code', { status: 401 }],
    ['a 403 without a code', { status: 403, body: '<h1>Forbidden</h1>' }],
    ['a 400 with invalid_request', refused('invalid_request')],
    ['a 403 with access_denied', refused('access_denied', { status: 403 })],
    ['a 400 with an unregistered code', refused('bad_secret')],
    ['a 404 without a code', { status: 404, body: { message: 'no such client' } }],
  ])('is resolved again also after %s, and repeated once [A46]', async (_what, answer) => {
    const server = await startAuthorizationServer();
    server.script((request) => (secretIn(request) === 'new' ? granted('t') : answer));
    const rotated = granting({
      tokenEndpoint: server.tokenEndpoint,
      clientAuthentication: clientSecretPost(rotating('old', 'new')),
    });
    const wrong = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication: clientSecretPost('wrong') });

    const token = await rotated.tokens.getToken();
    const error = await wrong.failure();

    expect(token.value).toBe('t');
    expect(error).toMatchObject({ code: 'ERR_GRANT_REJECTED' });
    expect(server.grants.map(secretIn)).toEqual(['old', 'new', 'wrong']);
  });

  test('is not sent again if it has not changed, so that the client is not locked out', async () => {
    const { server, failure } = await withSecrets(['old'], 'new');

    const error = await failure();

    expect(error).toMatchObject({ error: 'invalid_client' });
    expect(server.grants).toHaveLength(1);
  });

  test('causes one repetition only, however often it changes', async () => {
    const { server, failure } = await withSecrets(['a', 'b', 'c', 'd'], 'never');

    const error = await failure();

    expect(error).toMatchObject({ error: 'invalid_client' });
    expect(server.grants.map(secretIn)).toEqual(['a', 'b']);
  });

  test('is reported if it cannot be read again', async () => {
    const server = await startAuthorizationServer();
    server.script(refused('invalid_client', { status: 401 }));
    let reads = 0;
    const { failure } = granting({
      tokenEndpoint: server.tokenEndpoint,
      clientAuthentication: clientSecretBasic(() => {
        reads += 1;
        if (reads > 1) throw new Error('vault is sealed');
        return 'old';
      }),
    });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(server.grants).toHaveLength(1);
  });

  test.each([
    ['another error code', refused('invalid_scope')],
    ['an error code of another grant', refused('invalid_grant')],
    ['a proxy that asks for credentials', { status: 407 }],
    ['an outage', { status: 503 }],
  ])('is not resolved again after %s', async (_what, answer) => {
    const server = await startAuthorizationServer();
    server.script(answer);
    const clientAuthentication = clientSecretPost(rotating('old', 'new'));
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

    await failure();

    expect(server.grants.map(secretIn)).toEqual(['old']);
  });

  test.each([
    ['clientSecretBasic', clientSecretBasic],
    ['clientSecretPost', clientSecretPost],
  ])('ends the negative cache within a second of its change, sent by %s', async (_name, authentication) => {
    const server = await startAuthorizationServer();
    server.script(refused('invalid_client', { status: 401 }), granted('t'));
    const clock = fakeClock();
    let secret = 'old';
    const tokens = createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      clientId: 'orders',
      clientAuthentication: authentication(() => secret),
      clock,
      random: () => 0.5,
    });
    await expect(tokens.getToken()).rejects.toMatchObject({ error: 'invalid_client' });
    await expect(tokens.getToken()).rejects.toMatchObject({ error: 'invalid_client' });

    secret = 'new';
    clock.advance(1_000);
    const token = await tokens.getToken();

    expect(token.value).toBe('t');
    expect(server.grants).toHaveLength(2);
  });
});

/** An authorization server whose token endpoint has moved from `/old` to `/new`. Its metadata name these in turn. */
async function moving(old: Answer | Handler, ...endpoints: readonly (string | undefined)[]) {
  const left = [...endpoints];
  const server: HttpServer = await startHttpServer((request, response): Answer | undefined => {
    const { path } = request;
    if (path === '/new') return granted('t');
    if (path === '/old') return typeof old === 'function' ? (old(request, response) as undefined) : old;
    const endpoint = left.length > 1 ? left.shift() : left[0];
    if (endpoint === undefined) return { status: 503 };
    return { body: { issuer: server.origin, token_endpoint: `${server.origin}${endpoint}` } };
  });
  const pathsBy = (method: string) =>
    server.requests.filter((request) => request.method === method).map(({ path }) => path);
  return { ...granting({ issuer: server.origin }), posts: () => pathsBy('POST'), gets: () => pathsBy('GET') };
}

describe('a token endpoint that was moved [A26 A49]', () => {
  test.each<[number, Answer]>([
    [404, { status: 404 }],
    [405, { status: 405 }],
    [410, { status: 410 }],
    [308, { status: 308, headers: { location: '/new' } }],
    [302, { status: 302, headers: { location: 'https://elsewhere.example/' } }],
    [401, refused('invalid_client', { status: 401 })],
  ])('and answers %d is discovered again and used at once', async (_status, answer) => {
    const { tokens, posts } = await moving(answer, '/old', '/new');

    const token = await tokens.getToken();
    await tokens.getToken();

    expect(token.value).toBe('t');
    expect(posts()).toEqual(['/old', '/new', '/new']);
  });

  test.each<[string, Answer | Handler]>([
    ['refuses connections', (_request, response) => void response.destroy()],
    ['answers 503', { status: 503 }],
  ])('and %s is found within two minutes [A49]', async (_what, answer) => {
    const { tokens, clock, posts } = await moving(answer, '/old', '/new');

    const outcomes: string[] = [];
    for (let seconds = 0; seconds <= 120; seconds += 10) {
      outcomes.push(
        await tokens.getToken().then(
          ({ value }) => value,
          ({ code }: { code: string }) => code,
        ),
      );
      await new Promise(setImmediate);
      clock.advance(10_000);
    }

    expect(outcomes.slice(0, 4)).toEqual(Array(4).fill('ERR_GRANT_UNAVAILABLE'));
    expect(outcomes.slice(6)).toEqual(Array(7).fill('t'));
    expect(posts()).toContain('/old');
  });

  test('is looked for once a minute at most [A49]', async () => {
    const { failure, clock, gets } = await moving({ status: 404 }, '/old');

    for (let seconds = 0; seconds < 180; seconds += 10) {
      await failure();
      clock.advance(10_000);
    }

    expect(gets()).toHaveLength(1 + 3);
  });

  test('is looked for in an outage without making callers wait [A49]', async () => {
    let isHanging = false;
    const { clock, failure, gets } = await (async () => {
      const server: HttpServer = await startHttpServer(({ path }) => {
        if (path === '/old') return { status: 503 };
        return isHanging ? undefined : { body: { issuer: server.origin, token_endpoint: `${server.origin}/old` } };
      });
      const paths = () => server.requests.filter(({ method }) => method === 'GET');
      return { ...granting({ issuer: server.origin, timeoutMs: 2_147_483_647 }), gets: paths };
    })();

    await failure();
    isHanging = true;
    clock.advance(31_000);
    await failure();
    await failure();

    expect(gets().length).toBeLessThanOrEqual(2);
  });

  test('is not looked for in a short outage, or after a success [A49]', async () => {
    const answers: Answer[] = [{ status: 503 }, { status: 503 }, granted('t'), { status: 503 }];
    const { tokens, failure, clock, gets } = await moving(() => answers.shift(), '/old');
    const outcomes = [await failure()];
    clock.advance(29_000);
    outcomes.push(await failure());
    await tokens.getToken();
    clock.advance(29_000);
    outcomes.push(await failure());

    expect(outcomes).toHaveLength(3);
    expect(gets()).toHaveLength(1);
  });

  test('but not in the metadata is an error after one grant', async () => {
    const { failure, posts } = await moving({ status: 404 }, '/old');

    const error = await failure();

    expect(error).toMatchObject({ code: 'ERR_GRANT_REJECTED', status: 404 });
    expect(posts()).toEqual(['/old']);
  });

  test('is an error if the metadata are gone too', async () => {
    const { failure, posts } = await moving({ status: 404 }, '/old', undefined);

    const error = await failure();

    expect(error).toMatchObject({ code: 'ERR_GRANT_REJECTED', status: 404 });
    expect(posts()).toEqual(['/old']);
  });

  test('comes with another client authentication method, which is used at once [A49]', async () => {
    const methods = [['client_secret_basic'], ['client_secret_post']];
    const server: HttpServer = await startHttpServer((request): Answer => {
      if (request.method === 'POST')
        return secretIn(request) === null ? refused('invalid_client', { status: 401 }) : granted('t');
      const supported = methods.length > 1 ? methods.shift() : methods[0];
      return {
        body: {
          issuer: server.origin,
          token_endpoint: `${server.origin}/token`,
          token_endpoint_auth_methods_supported: supported,
        },
      };
    });
    const clientAuthentication = clientSecretByMetadata('s3cret');
    const { tokens } = granting({ issuer: server.origin, clientAuthentication });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  test('is an error if it was configured without an issuer', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: `${server.origin}/nowhere` });

    const error = await failure();

    expect(error).toMatchObject({ status: 404 });
    expect(server.requests).toHaveLength(1);
  });
});
