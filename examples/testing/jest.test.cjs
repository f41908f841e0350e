// Jest with CommonJS; axios and axios-mock-adapter, and fake timers. Copy it and run: npx jest
const axios = require('axios');
const { default: AxiosMockAdapter } = require('axios-mock-adapter');
const { bearerToken } = require('m2m-tokens/axios');
const { fakeTokenService } = require('m2m-tokens/testing');

function start() {
  const tokens = fakeTokenService();
  const api = axios.create({ baseURL: 'https://api.example.com' });
  api.interceptors.request.use(bearerToken(tokens));
  return { tokens, api, mock: new AxiosMockAdapter(api) };
}

test('the token is in the header', async () => {
  const { tokens, api, mock } = start();
  mock.onGet('/orders').reply(({ headers }) => [tokens.accepts(headers.Authorization) ? 200 : 401]);
  await expect(api.get('/orders')).resolves.toMatchObject({ status: 200 });
});

test('the request is sent again after a 401', async () => {
  const { tokens, api, mock } = start();
  mock.onPost('/orders').replyOnce(401).onPost('/orders').reply(201);
  await expect(api.post('/orders')).resolves.toMatchObject({ status: 201 });
  expect(tokens.granted).toEqual(['token-1', 'token-2']);
});

test('an hour later, the request has a new token', async () => {
  jest.useFakeTimers();
  const { tokens, api, mock } = start();
  mock.onGet('/orders').reply(200);
  await api.get('/orders');
  jest.advanceTimersByTime(3_600_000);
  await api.get('/orders');
  expect(tokens.granted).toEqual(['token-1', 'token-2']);
  jest.useRealTimers();
});
