import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { withBearerToken } from 'm2m-tokens/fetch';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';

const origin = 'https://api.example.com';
const server = setupServer();

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

/** Sends an order by an HTTP client; returns the status of the response. */
type PostOrder = (order: object) => Promise<number>;

const clients: [string, () => PostOrder][] = [
  [
    'fetch',
    () => {
      const api = withBearerToken(fetch, startTokenService(), { origins: [origin] });
      return async (order) => (await api(`${origin}/orders`, { method: 'POST', body: JSON.stringify(order) })).status;
    },
  ],
  [
    'axios',
    () => {
      const api = axios.create({ baseURL: origin });
      api.interceptors.request.use(bearerToken(startTokenService()));
      return async (order) => (await api.post('/orders', order)).status;
    },
  ],
];

const startTokenService = () =>
  createTokenService({ tokenEndpoint: 'https://auth.example.com/token', clientId: 'orders', clientSecret: 'secret' });

/** Handles token requests and requests of the API; returns the requests that the API received. */
function handle(statuses: number[]): unknown[] {
  const received: unknown[] = [];
  let grants = 0;
  server.use(
    http.post('https://auth.example.com/token', () => {
      grants += 1;
      return HttpResponse.json({ access_token: `token-${grants}`, token_type: 'Bearer', expires_in: 3600 });
    }),
    http.post(`${origin}/orders`, async ({ request }) => {
      received.push([request.headers.get('authorization'), await request.json()]);
      return new HttpResponse(null, { status: statuses.shift() ?? 500 });
    }),
  );
  return received;
}

test.each(clients)('%s: the token is in the request', async (_name, client) => {
  const received = handle([201]);

  await expect(client()({ id: 1 })).resolves.toBe(201);

  expect(received).toEqual([['Bearer token-1', { id: 1 }]]);
});

test.each(clients)('%s: a 401 is followed by one more request, with another token', async (_name, client) => {
  const received = handle([401, 201]);

  await expect(client()({ id: 1 })).resolves.toBe(201);

  expect(received).toEqual([
    ['Bearer token-1', { id: 1 }],
    ['Bearer token-2', { id: 1 }],
  ]);
});
