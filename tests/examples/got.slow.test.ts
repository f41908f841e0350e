import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';

import { expect, test } from '@jest/globals';
import got, { RequestError } from 'got';

import { bearerTokenOptions } from '../../examples/got/bearer-token-options.js';
import { refused } from '../support/authorization-server.js';
import { freePort } from '../support/free-port.js';
import { type RecordedRequest, startHttpServer } from '../support/http-server.js';
import { rejected, startResourceServer } from '../support/resource-server.js';
import { startTokenService } from '../support/token-service.js';

const sent = ({ method, path, headers, body }: RecordedRequest) =>
  `${method} ${path} ${headers.authorization ?? 'no token'} ${body}`.trim();

async function surroundings() {
  const { tokens, server } = await startTokenService();
  const api = await startResourceServer();
  const client = got.extend({ prefixUrl: api.origin, retry: { limit: 0 } }, bearerTokenOptions(tokens, api.origin));
  return { tokens, authorizationServer: server, api, client };
}

/** Everything that an error or response refers to, as the most talkative logger would write it. */
const printed = (value: unknown) => inspect(value, { depth: 12, showHidden: true });

test('the example for got resends an order once after a 401, with a new token [E1]', async () => {
  const { api, client, authorizationServer } = await surroundings();
  api.revoke('token-1');

  const order = await client.post('orders', { json: { quantity: 3 } }).json();

  expect(order).toEqual({ method: 'POST', path: '/orders', body: '{"quantity":3}' });
  expect(api.requests.map(sent)).toEqual([
    'POST /orders Bearer token-1 {"quantity":3}',
    'POST /orders Bearer token-2 {"quantity":3}',
  ]);
  expect(authorizationServer.grants).toHaveLength(2);
});

test('the second 401 is the result, and neither error nor response holds a token', async () => {
  const { api, client } = await surroundings();
  api.answer(() => rejected());

  const error = await client.get('orders').catch((reason: unknown) => reason as RequestError);
  const response = await client.get('orders', { throwHttpErrors: false });

  expect(error).toMatchObject({ code: 'ERR_NON_2XX_3XX_RESPONSE', response: { statusCode: 401 } });
  expect(response.statusCode).toBe(401);
  expect(api.requests.map(sent)).toEqual([
    'GET /orders Bearer token-1',
    'GET /orders Bearer token-2',
    'GET /orders Bearer token-2',
  ]);
  for (const value of [error, (error as RequestError).request, (error as RequestError).options, response]) {
    expect(printed(value)).not.toMatch(/token-\d/);
  }
});

// The reason why the example is longer than a hook that sets a header.
test('with a hook that sets the header, the error shows the token to a logger', async () => {
  const { tokens, api } = await surroundings();
  api.answer(() => ({ status: 404 }));
  const beforeRequest = [
    async ({ headers }: { headers: Record<string, unknown> }) => {
      headers['authorization'] = (await tokens.getToken()).authorization;
    },
  ];

  const error = await got(api.origin, { hooks: { beforeRequest } }).catch((reason: unknown) => reason);

  expect(inspect(error)).toContain('Bearer token-1');
});

test('no other origin gets the token, by URL or by redirect, and a request with its own Authorization keeps it', async () => {
  const { api, client } = await surroundings();
  const other = await startHttpServer(() => ({ body: {} }));
  api.answer(({ path }) => (path === '/moved' ? { status: 307, headers: { location: `${other.origin}/` } } : {}));

  await client.get('moved');
  await client.get(other.origin, { prefixUrl: '' });
  await client.get('orders', { headers: { authorization: 'Basic of-the-caller' } });

  expect(other.requests.map(sent)).toEqual(['GET / no token', 'GET / no token']);
  expect(api.requests.map(sent)).toEqual(['GET /moved Bearer token-1', 'GET /orders Basic of-the-caller']);
});

test('each retry of got gets a token, and a stream too', async () => {
  const { api, client } = await surroundings();
  let calls = 0;
  api.answer(() => ((calls += 1) === 1 ? { status: 503 } : { body: { calls } }));

  await client.get('orders', { retry: { limit: 1, backoffLimit: 1 } });
  const body = await text(client.stream('orders'));

  expect(JSON.parse(body)).toEqual({ calls: 3 });
  expect(api.requests.map(sent)).toEqual(Array.from({ length: 3 }, () => 'GET /orders Bearer token-1'));
});

test('an error of the network or of the token service holds no token', async () => {
  const { tokens, authorizationServer, api, client } = await surroundings();
  const closed = `http://127.0.0.1:${await freePort()}`;
  const failing = got.extend({ retry: { limit: 0 } }, bearerTokenOptions(tokens, closed));

  const network = await failing.get(closed).catch((reason: unknown) => reason as RequestError);
  authorizationServer.script(refused('invalid_client', { status: 401 }));
  await tokens.revoke();
  const grant = await client.get('orders').catch((reason: unknown) => reason as RequestError);

  expect(network).toMatchObject({ code: 'ECONNREFUSED' });
  await new Promise(setImmediate);
  expect(printed([network, (network as RequestError).request])).not.toMatch(/token-\d/);
  expect(grant).toBeInstanceOf(RequestError);
  expect(grant).toMatchObject({ code: 'ERR_GRANT_REJECTED', cause: { error: 'invalid_client' } });
  expect(api.requests).toEqual([]);
});
