import axios from 'axios';
import { expect, test } from '@jest/globals';
import { Agent, interceptors } from 'undici';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { bearerTokenInterceptor } from '../../src/adapters/undici/index.js';
import type { TokenEvent } from '../../src/core/events.js';
import { dangerouslyAllowHttp } from '../../src/core/insecure-url.js';
import { createTokenService } from '../../src/service/token-service.js';
import { createTokenServices } from '../../src/service/token-services.js';
import { cleanUp } from '../support/clean-up.js';
import { failureOf } from '../support/grant-outcome.js';
import { startResourceServer } from '../support/resource-server.js';
import { tenantOptions } from '../support/token-services.js';

const services = createTokenServices((tenant) => tenantOptions(tenant));
const tokens = createTokenService(tenantOptions('acme'));
const origins = ['https://api.example.com'];
const serviceOf = (): string => 'acme';

test.each<[string, () => unknown]>([
  // @ts-expect-error serviceOf is missing
  ['bearerToken', () => bearerToken(services)],
  // @ts-expect-error serviceOf is missing
  ['bearerToken', () => bearerToken(services, { origins })],
  // @ts-expect-error serviceOf is missing
  ['withBearerToken', () => withBearerToken(fetch, services, { origins })],
  // @ts-expect-error serviceOf is missing
  ['bearerTokenInterceptor', () => bearerTokenInterceptor(services, { origins })],
])('token services without serviceOf are a configuration error of %s, and of the types', (owner, call) => {
  expect(call).toThrow(`"serviceOf" of ${owner} is required: it returns the name of the token service of a request`);
});

test.each<[string, () => unknown]>([
  // @ts-expect-error a token source has no names
  ['bearerToken', () => bearerToken(tokens, { serviceOf })],
  // @ts-expect-error a token source has no names
  ['withBearerToken', () => withBearerToken(fetch, tokens, { origins, serviceOf })],
  // @ts-expect-error a token source has no names
  ['bearerTokenInterceptor', () => bearerTokenInterceptor(tokens, { origins, serviceOf })],
])('a token source with serviceOf is a configuration error of %s, and of the types', (owner, call) => {
  expect(call).toThrow(`"serviceOf" of ${owner} needs "tokens" that createTokenServices made, not a token source`);
});

test('the service of one name is a token source for every adapter', async () => {
  const api = await startResourceServer();
  const instance = axios.create({ baseURL: api.origin });
  instance.interceptors.request.use(bearerToken(services.of('globex')));
  await instance.get('/');

  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer globex-1']);
});

test('http that is allowed is one event of all services', () => {
  const events: TokenEvent[] = [];
  const all = createTokenServices((tenant) => tenantOptions(tenant), { onEvent: (event) => void events.push(event) });
  withBearerToken(fetch, all, { origins: [dangerouslyAllowHttp('http://orders')], serviceOf });

  expect(events).toEqual([{ type: 'http.allowed', origins: ['http://orders'] }]);
});

test('a function of the request that throws when undici retries a request is the error of the request', async () => {
  const api = await startResourceServer();
  api.answer(() => ({ status: 503 }));
  const agent = new Agent();
  cleanUp(() => agent.destroy());
  let calls = 0;
  const throwing = (): never | undefined => {
    calls += 1;
    if (calls > 1) throw new Error('no scope');
    return undefined;
  };
  const dispatcher = agent.compose(
    bearerTokenInterceptor(tokens, { origins: [api.origin], tokenRequest: throwing }),
    interceptors.retry({ minTimeout: 1 }),
  );

  const failure = await failureOf(dispatcher.request({ origin: api.origin, path: '/', method: 'GET' }));

  expect(failure).toMatchObject({ message: 'no scope' });
});
