// node:test; undici and its MockAgent, and mock timers. Copy it and run: node --test
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fakeTokenService } from 'm2m-tokens/testing';
import { bearerTokenInterceptor } from 'm2m-tokens/undici';
import { MockAgent, request } from 'undici';

const origin = 'https://api.example.com';

function start(t) {
  const tokens = fakeTokenService();
  const mock = new MockAgent();
  mock.disableNetConnect();
  t.after(() => mock.close());
  const dispatcher = mock.compose(bearerTokenInterceptor(tokens, { origins: [origin] }));
  return { tokens, api: mock.get(origin), getOrders: () => request(`${origin}/orders`, { dispatcher }) };
}

test('the request is sent again after a 401, with another token', async (t) => {
  const { api, getOrders } = start(t);
  api.intercept({ path: '/orders', headers: { authorization: 'Bearer token-1' } }).reply(401);
  api.intercept({ path: '/orders', headers: { authorization: 'Bearer token-2' } }).reply(200);
  assert.equal((await getOrders()).statusCode, 200);
});

test('the call fails if no token can be had', async (t) => {
  const { tokens, getOrders } = start(t);
  tokens.fail('ERR_GRANT_UNAVAILABLE');
  await assert.rejects(getOrders(), { code: 'ERR_GRANT_UNAVAILABLE' });
});

test('a token expires when mock timers move', async (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  const { tokens } = start(t);
  await tokens.getToken();
  t.mock.timers.tick(3_600_000);
  assert.equal((await tokens.getToken()).value, 'token-2');
});
