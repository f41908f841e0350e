import { Readable } from 'node:stream';

import { describe, expect, test } from '@jest/globals';

import { withBearerToken } from '../../../src/adapters/fetch/index.js';
import { clientSecretPost } from '../../../src/authentication/client-secret.js';
import type { TokenSource } from '../../../src/core/token-source.js';
import type { TokenServiceOptions } from '../../../src/service/options.js';
import { staticToken } from '../../../src/service/static-token.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { startFetch } from '../../support/adapter-fetch.js';
import { leakIn } from '../../support/adapter-leak.js';
import { gate } from '../../support/adapter-service.js';
import { type ScriptedAuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.js';
import { nodeFetches } from '../../support/node-fetch.js';
import { rejected, startResourceServer } from '../../support/resource-server.js';

describe.each(nodeFetches)('%s', (_name, { fetch: nodeFetch, Request: NodeRequest }) => {
  test('delivers its own responses, whose bodies are Node streams [E33]', async () => {
    const { send, api } = await startFetch({}, nodeFetch);
    api.revoke('token-1');

    const { body, status } = await send(`${api.origin}/orders`);

    expect(status).toBe(200);
    expect(body).toBeInstanceOf(Readable);
  });

  test('no token is in its responses, its Requests or its errors [E33 F4]', async () => {
    const { send, api } = await startFetch({}, nodeFetch);
    api.revoke('token-1');
    const request = new NodeRequest(`${api.origin}/orders`, { method: 'POST', body: 'an order' });

    const reply = await send(request);
    api.answer((_request, response) => void response.destroy());
    const failure = await send(`${api.origin}/orders`).catch((error: unknown) => error);

    expect(reply.status).toBe(200);
    expect(failure).toMatchObject({ name: 'FetchError' });
    expect(leakIn([reply, request, failure], /token-\d/)).toBeUndefined();
  });

  test('resends if "isRejected" returns true by the body of a clone [E33 E15]', async () => {
    const isRejected = async (reply: Response) => (await reply.clone().text()).includes('TOKEN');
    const { send, api } = await startFetch({ isRejected }, nodeFetch);
    api.answer(({ headers }) => ({ body: headers.authorization === 'Bearer token-1' ? 'TOKEN' : 'done' }));

    const reply = await send(`${api.origin}/orders`);

    expect(await reply.text()).toBe('done');
    expect(api.requests).toHaveLength(2);
  });

  test.each([301, 302, 303, 307, 308])('follows a %d and sets "redirected" [E33]', async (status) => {
    const { send, api } = await startFetch({}, nodeFetch);
    api.answer(({ path, method, body }) =>
      path === '/orders' ? { status, headers: { location: '/moved?a=ü' } } : { body: `${method} ${body}` },
    );

    const reply = await send(`${api.origin}/orders`, { method: 'POST', body: 'an order' });

    expect(reply.redirected).toBe(true);
    expect(await reply.text()).toBe(status < 307 ? 'GET ' : 'POST an order');
  });

  test.each<[string, () => unknown]>([
    ['a text', () => 'an order'],
    ['a stream', () => Readable.from(['an ', 'order'])],
  ])('resends its own Request, and follows a redirect, with %s as body [E33 E9]', async (_what, body) => {
    const { send, api } = await startFetch({}, nodeFetch);
    api.answer(({ path, headers, body: received }) => {
      if (headers.authorization === 'Bearer token-1') return rejected();
      return path === '/orders' ? { status: 307, headers: { location: '/moved' } } : { body: received };
    });
    const headers = { 'content-type': 'text/x-order', 'x-tenant': 'blue' };
    const request = new NodeRequest(`${api.origin}/orders`, { method: 'PUT', body: body() as string, headers });

    const reply = await send(request);

    expect(await reply.text()).toBe('an order');
    expect(api.requests.map(({ method, path, body: sent }) => [method, path, sent])).toEqual([
      ['PUT', '/orders', 'an order'],
      ['PUT', '/orders', 'an order'],
      ['PUT', '/moved', 'an order'],
    ]);
    for (const sent of api.requests) expect(sent.headers).toMatchObject(headers);
  });

  test('frees the connection of a rejected response, whatever its length [E33 E14]', async () => {
    const { send, api } = await startFetch({}, nodeFetch);
    const finished = gate();
    api.answer(({ headers }, response) => {
      if (headers.authorization !== 'Bearer token-1') return { body: 'done' };
      response.once('finish', finished.open);
      return { ...rejected(), body: 'no '.repeat(1_000_000) };
    });

    const { status } = await send(`${api.origin}/orders`);

    await finished.opened;
    expect(status).toBe(200);
  });

  test('ends if the caller aborts it: during the wait for a token, before the response, and within its body [E33 E19]', async () => {
    const api = await startResourceServer();
    const callers = [1, 2, 3].map(() => new AbortController());
    const [waiting, unanswered, reading] = callers as [AbortController, AbortController, AbortController];
    const asked = gate();
    const endless: TokenSource = {
      getToken: (_request, { signal } = {}) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
          asked.open();
        }),
    };
    api.answer(({ path }, response) => {
      if (path === '/unanswered') unanswered.abort();
      else response.writeHead(200).write('an ');
      return undefined;
    });
    const send = (tokens: TokenSource, path: string, { signal }: AbortController) =>
      withBearerToken(nodeFetch, tokens, { origins: [api.origin] })(api.origin + path, { signal });
    const nameOf = (error: Error): string => error.name;

    const first = send(endless, '/waiting', waiting).catch(nameOf);
    await asked.opened;
    waiting.abort();
    const second = await send(staticToken('key'), '/unanswered', unanswered).catch(nameOf);
    const third = await send(staticToken('key'), '/reading', reading);
    const text = third.text().catch(nameOf);
    reading.abort();

    expect([await first, second, await text]).toEqual(['AbortError', 'AbortError', 'AbortError']);
  });
});

describe.each(nodeFetches)('%s as the "fetch" of a token service', (_name, { fetch: nodeFetch }) => {
  test.each(['issuer', 'tokenEndpoint'] as const)('gets and revokes a token, by %s [E33]', async (by) => {
    const server: ScriptedAuthorizationServer = await startAuthorizationServer({
      metadata: {
        get revocation_endpoint(): string {
          return `${server.origin}/token/revoke`;
        },
      },
    });
    const tokens = createTokenService({
      ...(by === 'issuer'
        ? { issuer: server.origin }
        : { tokenEndpoint: server.tokenEndpoint, revocationEndpoint: `${server.origin}/token/revoke` }),
      clientId: 'orders',
      clientAuthentication: clientSecretPost('secret'),
      fetch: nodeFetch,
    });

    expect(await tokens.getToken()).toMatchObject({ value: 'token-1' });
    expect(await tokens.revoke()).toBe(true);
    expect(server.grants.map(({ path, headers }) => [path, headers['content-type']])).toEqual([
      ['/token', 'application/x-www-form-urlencoded'],
      ['/token/revoke', 'application/x-www-form-urlencoded'],
    ]);
  });

  const withoutRetries = (server: ScriptedAuthorizationServer, options: Partial<TokenServiceOptions> = {}) =>
    createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      clientId: 'orders',
      clientSecret: 'secret',
      fetch: nodeFetch,
      retry: { retries: 0 },
      ...options,
    });

  test('refuses a response that is too long, and closes its connection [E33 A19]', async () => {
    const server = await startAuthorizationServer();
    const closed = gate();
    server.script((_request, response) => {
      // Node.js 24 and newer destroy the response only after the callback.
      const more = (error?: Error | null): void => void (error || response.write(' '.repeat(65_536), more));
      response.once('close', closed.open);
      response.writeHead(200, { 'content-type': 'application/json' });
      more();
      return undefined;
    });
    const tokens = withoutRetries(server);

    await expect(tokens.getToken()).rejects.toThrow(/longer than 1 MiB/);
    await closed.opened;
  });

  test.each([
    ['no response', false],
    ['half of a response', true],
  ])('ends at the deadline with %s, and closes its connection [E33 B2]', async (_what, isHalf) => {
    const server = await startAuthorizationServer();
    const closed = gate();
    server.script((_request, response) => {
      response.once('close', closed.open);
      if (isHalf) response.writeHead(200, { 'content-type': 'application/json' }).write('{"access_token":');
      return undefined;
    });
    const tokens = withoutRetries(server, { timeoutMs: 200 });

    await expect(tokens.getToken()).rejects.toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });
    await closed.opened;
  });
});
