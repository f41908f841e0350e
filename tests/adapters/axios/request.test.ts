import { describe, expect, test } from '@jest/globals';
import { isAxiosError } from 'axios';

import { startAxios } from '../../support/adapter-axios.js';
import { failureOf } from '../../support/grant-outcome.js';
import { rejected } from '../../support/resource-server.js';

describe.each(['http', 'fetch'] as const)('on %s', (adapter) => {
  test.each([
    ['breaks off', 10],
    ['breaks off before its body', 0],
  ])('a 401 that %s rejects no token: the request is not sent again [E22]', async (_what, bytes) => {
    const { instance, api, authorizationServer } = await startAxios({}, { adapter });
    api.answer((_request, response) => {
      response.writeHead(401, { 'content-length': 100, 'www-authenticate': 'Bearer error="invalid_token"' });
      response.flushHeaders();
      response.write('x'.repeat(bytes), () => setImmediate(() => response.destroy()));
      return undefined;
    });

    const failure = await failureOf(instance.get('/orders'));

    expect(isAxiosError(failure)).toBe(true);
    expect(api.requests).toHaveLength(1);
    expect(authorizationServer.grants).toHaveLength(1);
    expect(JSON.stringify(failure)).not.toContain('token-1');
  });

  test('an informational response is not the result [E22 R-39]', async () => {
    const { instance, api } = await startAxios({}, { adapter });
    api.answer(({ headers }, response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
      return headers.authorization === 'Bearer token-1' ? rejected() : { body: 'done' };
    });

    const { data } = await instance.get<string>('/orders');

    expect(data).toBe('done');
    expect(api.requests).toHaveLength(2);
  });

  test('a request that the caller aborts while a 401 arrives is not resent [E22]', async () => {
    const { instance, api, authorizationServer } = await startAxios({}, { adapter });
    const caller = new AbortController();
    api.answer((_request, response) => {
      response.writeHead(401, { 'content-length': 100 });
      response.write('x', () => setImmediate(() => caller.abort()));
      return undefined;
    });

    const failure = await failureOf(instance.get('/orders', { signal: caller.signal }));

    expect(failure).toBeInstanceOf(Error);
    expect(api.requests).toHaveLength(1);
    expect(authorizationServer.grants).toHaveLength(1);
  });
});

test('a token that is rejected before its expiry is replaced while the caller waits [R-19 E1]', async () => {
  const { instance, api, authorizationServer, clock } = await startAxios();
  await instance.get('/orders');
  clock.advance(10 * 60_000);
  api.revoke('token-1');

  const { status } = await instance.get('/orders');

  expect(status).toBe(200);
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-1',
    'Bearer token-2',
  ]);
  expect(authorizationServer.grants).toHaveLength(2);
});

test('a token that had expired on arrival is sent once, and its rejection causes one more grant [A15]', async () => {
  const { instance, api, authorizationServer } = await startAxios({}, { validateStatus: () => true });
  authorizationServer.script({ body: { access_token: 'expired', token_type: 'Bearer', expires_in: 0 } });
  api.revoke('expired');

  const { status } = await instance.get('/orders');

  expect(status).toBe(401);
  expect(api.requests).toHaveLength(1);
  expect(authorizationServer.grants).toHaveLength(2);
});
