import { expect, test } from '@jest/globals';
import axios, { type AxiosHeaders } from 'axios';
import AxiosMockAdapter from 'axios-mock-adapter';
import { bearerToken } from 'm2m-tokens/axios';
import { fakeTokenService } from 'm2m-tokens/testing';

function startMock() {
  const api = axios.create({ baseURL: 'https://api.example.com' });
  api.interceptors.request.use(bearerToken(fakeTokenService()));
  // Its types are CommonJS, for which axios has types of their own.
  return { api, mock: new AxiosMockAdapter(api as never) };
}

const authorizationIn = (headers: unknown): unknown => (headers as AxiosHeaders).get('Authorization');

test('a function that replies sees the token', async () => {
  const { api, mock } = startMock();
  mock.onGet('/orders').reply(({ headers }) => [200, { authorization: authorizationIn(headers) }]);

  const { data } = await api.get<unknown>('/orders');

  expect(data).toEqual({ authorization: 'Bearer token-1' });
});

test('a 401 is followed by one more request, with another token', async () => {
  const { api, mock } = startMock();
  const seen: unknown[] = [];
  mock.onPost('/orders').reply(({ headers, data }) => {
    seen.push([authorizationIn(headers), data]);
    return seen.length === 1 ? [401] : [201];
  });

  const { status } = await api.post('/orders', { id: 1 });

  expect(status).toBe(201);
  expect(seen).toEqual([
    ['Bearer token-1', '{"id":1}'],
    ['Bearer token-2', '{"id":1}'],
  ]);
});

// The mock keeps the config object, and the token is taken off it after the response.
test('the history has the request without its token', async () => {
  const { api, mock } = startMock();
  mock.onGet('/orders').reply(200);

  await api.get('/orders', { params: { page: 2 } });

  expect(mock.history).toHaveLength(1);
  const [request] = mock.history['get'] ?? [];
  expect(request).toMatchObject({ url: '/orders', params: { page: 2 } });
  expect(authorizationIn(request?.headers)).toBeUndefined();
});

test('a mock for a header matches the token', async () => {
  const { api, mock } = startMock();
  const headers = {
    asymmetricMatch: (sent: object) => 'Authorization' in sent && sent.Authorization === 'Bearer token-1',
  };
  mock.onGet('/orders', { headers }).reply(200, 'authorized');

  await expect(api.get('/orders')).resolves.toMatchObject({ data: 'authorized' });
});
