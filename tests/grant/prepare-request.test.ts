import { describe, expect, test } from '@jest/globals';

import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { GrantRejectedError } from '../../src/core/errors.js';
import { createTokenService } from '../../src/service/token-service.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { fakeClock } from '../support/clock.js';
import { granting } from '../support/grant-outcome.js';
import { type Answer, type HttpServer, type RecordedRequest, startHttpServer } from '../support/http-server.js';

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
    expect(events.map(({ type }) => type)).toEqual(['grant.failed', 'grant.succeeded']);
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
async function moving(status: number, ...endpoints: readonly (string | undefined)[]) {
  const left = [...endpoints];
  const server: HttpServer = await startHttpServer(({ path }): Answer => {
    if (path === '/new') return granted('t');
    if (path === '/old') return { status };
    const endpoint = left.length > 1 ? left.shift() : left[0];
    if (endpoint === undefined) return { status: 503 };
    return { body: { issuer: server.origin, token_endpoint: `${server.origin}${endpoint}` } };
  });
  const posts = () => server.requests.filter(({ method }) => method === 'POST').map(({ path }) => path);
  return { ...granting({ issuer: server.origin }), posts };
}

describe('a token endpoint that was moved [A26]', () => {
  test.each([404, 405])('and answers %d is discovered again and used at once', async (status) => {
    const { tokens, posts } = await moving(status, '/old', '/new');

    const token = await tokens.getToken();
    await tokens.getToken();

    expect(token.value).toBe('t');
    expect(posts()).toEqual(['/old', '/new', '/new']);
  });

  test('but not in the metadata is an error after one grant', async () => {
    const { failure, posts } = await moving(404, '/old');

    const error = await failure();

    expect(error).toMatchObject({ code: 'ERR_GRANT_REJECTED', status: 404 });
    expect(posts()).toEqual(['/old']);
  });

  test('is an error if the metadata are gone too', async () => {
    const { failure, posts } = await moving(404, '/old', undefined);

    const error = await failure();

    expect(error).toMatchObject({ code: 'ERR_GRANT_REJECTED', status: 404 });
    expect(posts()).toEqual(['/old']);
  });

  test('is an error if it was configured without an issuer', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: `${server.origin}/nowhere` });

    const error = await failure();

    expect(error).toMatchObject({ status: 404 });
    expect(server.requests).toHaveLength(1);
  });
});
