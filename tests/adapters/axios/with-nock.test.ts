import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import nock from 'nock';

beforeAll(() => nock.disableNetConnect());
afterEach(() => nock.cleanAll());
// The test files of one process share the module that nock changes.
afterAll(() => nock.restore());

function startApi() {
  const tokens = createTokenService({
    tokenEndpoint: 'https://auth.example.com/token',
    clientId: 'orders',
    clientSecret: 'secret',
  });
  const api = axios.create({ baseURL: 'https://api.example.com' });
  api.interceptors.request.use(bearerToken(tokens));
  return api;
}

const grant = (value: string): nock.Scope =>
  nock('https://auth.example.com')
    .post('/token', /grant_type=client_credentials/)
    .basicAuth({ user: 'orders', pass: 'secret' })
    .reply(200, { access_token: value, token_type: 'Bearer', expires_in: 3600 });

const apiWith = (value: string): nock.Scope =>
  nock('https://api.example.com', { reqheaders: { authorization: `Bearer ${value}` } });

test('the token is in the request', async () => {
  const scopes = [grant('token-1'), apiWith('token-1').get('/orders').reply(200, { id: 1 })];

  const { data } = await startApi().get<unknown>('/orders');

  expect(data).toEqual({ id: 1 });
  expect(scopes.map((scope) => scope.isDone())).toEqual([true, true]);
});

test('a 401 is followed by one more request, with another token', async () => {
  const scopes = [
    grant('token-1'),
    apiWith('token-1').post('/orders', { id: 1 }).reply(401),
    grant('token-2'),
    apiWith('token-2').post('/orders', { id: 1 }).reply(201),
  ];

  const { status } = await startApi().post('/orders', { id: 1 });

  expect(status).toBe(201);
  expect(scopes.map((scope) => scope.isDone())).toEqual([true, true, true, true]);
});
