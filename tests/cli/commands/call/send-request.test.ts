import { expect, test } from '@jest/globals';

import type { ApiRequest } from '../../../../src/cli/commands/call/api-request.js';
import { sendRequest, unreachable } from '../../../../src/cli/commands/call/send-request.js';
import { fakeTokenService } from '../../../../src/testing/index.js';
import { rejected, startResourceServer } from '../../../support/resource-server.js';

const { signal } = new AbortController();

const requestTo = (origin: string, more: Partial<ApiRequest> = {}): ApiRequest => ({
  method: 'GET',
  url: new URL(origin),
  headers: [],
  body: undefined,
  ...more,
});

test('sends a request with a token, its headers and its body', async () => {
  const api = await startResourceServer();
  const request = requestTo(api.origin, { method: 'PUT', headers: [['X-A', '1']], body: Buffer.from('body') });

  const reply = await sendRequest(request, fakeTokenService(), { signal });

  expect(reply.status).toBe(200);
  expect(api.requests).toMatchObject([
    { method: 'PUT', body: 'body', headers: { 'x-a': '1', authorization: 'Bearer token-1' } },
  ]);
});

test('replaces a rejected token, and resends the request [E1]', async () => {
  const api = await startResourceServer();
  api.revoke('token-1');

  const reply = await sendRequest(requestTo(api.origin), fakeTokenService(), { signal });

  expect(reply.status).toBe(200);
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('returns a redirect without following it [R-42]', async () => {
  const [api, elsewhere] = await Promise.all([startResourceServer(), startResourceServer()]);
  api.answer(() => ({ status: 302, headers: { location: elsewhere.origin } }));

  const reply = await sendRequest(requestTo(api.origin), fakeTokenService(), { signal });

  expect(reply.status).toBe(302);
  expect(elsewhere.requests).toEqual([]);
});

test('an unreachable API is an error', async () => {
  const api = await startResourceServer();
  api.answer((_request, response) => void response.destroy());

  await expect(sendRequest(requestTo(api.origin), fakeTokenService(), { signal })).rejects.toMatchObject({
    message: expect.stringContaining(`${api.origin} could not be reached`),
    advice: expect.stringContaining('check the URL, DNS, proxy and firewall'),
    exitCode: 6,
  });
  expect(unreachable(new Error('other'), new URL(api.origin)).exitCode).toBe(6);
});

test('follows redirects with -L, and sends no token to another origin [R-42 E20]', async () => {
  const [api, elsewhere] = await Promise.all([startResourceServer(), startResourceServer()]);
  elsewhere.answer(() => ({}));
  api.answer(({ path }) => ({ status: 307, headers: { location: path === '/b' ? elsewhere.origin : '/b' } }));

  const reply = await sendRequest(
    requestTo(api.origin, { method: 'PUT', body: Buffer.from('body') }),
    fakeTokenService(),
    {
      signal,
      followsRedirects: true,
    },
  );

  expect(reply.status).toBe(200);
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-1']);
  expect(elsewhere.requests).toMatchObject([{ method: 'PUT', body: 'body' }]);
  expect(elsewhere.requests[0]?.headers.authorization).toBeUndefined();
});

test('returns a second rejection', async () => {
  const api = await startResourceServer();
  api.answer(() => rejected());

  expect((await sendRequest(requestTo(api.origin), fakeTokenService(), { signal })).status).toBe(401);
  expect(api.requests).toHaveLength(2);
});
