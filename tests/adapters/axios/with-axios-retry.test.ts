import { expect, test } from '@jest/globals';
import axios from 'axios';
import axiosRetry, { type IAxiosRetryConfig } from 'axios-retry';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { startAuthorizationServer } from '../../support/authorization-server.js';
import { fakeClock } from '../../support/clock.js';
import type { Answer } from '../../support/http-server.js';
import { rejected, startResourceServer } from '../../support/resource-server.js';

async function startApi(answers: Answer[], options: IAxiosRetryConfig = {}) {
  const [server, api, clock] = [await startAuthorizationServer(), await startResourceServer(), fakeClock()];
  api.answer(() => answers.shift());
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    clientId: 'orders',
    clientSecret: 'secret',
    clock,
  });
  const instance = axios.create({ baseURL: api.origin });
  axiosRetry(instance, { retries: 2, retryDelay: () => 0, ...options });
  instance.interceptors.request.use(bearerToken(tokens));
  const seen = () => api.requests.map(({ headers }) => headers.authorization);
  return { instance, clock, seen };
}

test('each retry has the token', async () => {
  const { instance, seen } = await startApi([{ status: 503 }, { status: 503 }, {}]);

  await expect(instance.get('/orders')).resolves.toMatchObject({ status: 200 });

  expect(seen()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1']);
});

test('a retry asks the token source again', async () => {
  const { instance, clock, seen } = await startApi([{ status: 503 }, {}], {
    onRetry: () => clock.advance(3_600_000),
  });

  await expect(instance.get('/orders')).resolves.toMatchObject({ status: 200 });

  expect(seen()).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('a 401 is followed by one more request, which is no retry', async () => {
  let retries = 0;
  const { instance, seen } = await startApi([rejected(), {}], {
    onRetry: () => {
      retries += 1;
    },
  });

  await expect(instance.get('/orders')).resolves.toMatchObject({ status: 200 });

  expect(seen()).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(retries).toBe(0);
});

test('a 401 of a retry is followed by one more request too', async () => {
  const { instance, seen } = await startApi([{ status: 503 }, rejected(), {}]);

  await expect(instance.get('/orders')).resolves.toMatchObject({ status: 200 });

  expect(seen()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
});
