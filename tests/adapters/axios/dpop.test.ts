import { describe, expect, test } from '@jest/globals';
import axios, { type AxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios';

import { bearerToken } from '../../../src/adapters/axios/index.js';
import { leakIn } from '../../support/adapter-leak.js';
import { type DpopSurroundings, startDpopSurroundings } from '../../support/dpop-service.js';
import type { Answer, RecordedRequest } from '../../support/http-server.js';
import { rejected, startResourceServer } from '../../support/resource-server.js';

// A proof, as any JWT, begins with a JSON object.
const tokenOrProof = /token-\d|eyJ/;

async function start(config: AxiosRequestConfig = {}) {
  const surroundings = await startDpopSurroundings();
  const { tokens, api, onEvent } = surroundings;
  const instance = axios.create({ baseURL: api.origin, ...config });
  instance.interceptors.request.use(bearerToken(tokens, { onEvent }));
  return { ...surroundings, instance };
}

describe.each(['http', 'fetch'])('on %s neither token nor proof is in [F4 R-25]', (adapter) => {
  test.each<[string, AxiosRequestConfig, Answer | undefined]>([
    ['a response', {}, undefined],
    ['a response to a body', { method: 'post', data: { quantity: 3 } }, undefined],
    ['a response as a stream', { responseType: 'stream' }, undefined],
    ['the error of a 500', {}, { status: 500, body: 'no' }],
    ['the error of a 401', {}, rejected('DPoP error="invalid_dpop_proof"')],
    [
      'the response of a redirect that is not followed',
      { maxRedirects: 0 },
      { status: 302, headers: { location: '/' } },
    ],
  ])('%s', async (_what, config, answer) => {
    const { instance, api } = await start({ adapter });
    if (answer !== undefined) api.answerOnce(answer);

    const outcome = await outcomeOf(instance.request<unknown>({ url: '/orders', ...config }));

    expect(api.requests[0]?.headers['dpop']).toMatch(tokenOrProof);
    expect(leakIn(outcome, tokenOrProof)).toBeUndefined();
  });
});

describe('a redirect of a request with a proof', () => {
  test('within the origin carries the proof of another URL: the 401 is the result, without another grant [R-42]', async () => {
    const { instance, api, authorizationServer } = await start({ validateStatus: () => true });
    // Not every API has a word of its own for a proof that does not fit.
    api.answer(({ path }) =>
      path === '/orders' ? { status: 307, headers: { location: '/moved' } } : rejected('DPoP error="invalid_token"'),
    );

    const moved = await instance.get('/orders');
    const again = await instance.get('/orders');

    expect([moved.status, again.status]).toEqual([401, 401]);
    expect(api.requests.map(({ path }) => path)).toEqual(['/orders', '/moved', '/orders', '/moved']);
    expect(authorizationServer.grants).toHaveLength(1);
  });

  test('is followed when it leads to another query', async () => {
    const { instance, api } = await start();
    api.answerOnce({ status: 307, headers: { location: '/orders?page=2' } });
    api.revoke('token-1');

    const { status } = await instance.get('/orders');

    expect(status).toBe(200);
    expect(api.requests.map(({ path }) => path)).toEqual(['/orders', '/orders?page=2', '/orders']);
  });

  test('to another origin drops the "sensitiveHeaders" of the caller, too [R-42]', async () => {
    const { instance, api } = await start({ sensitiveHeaders: ['x-api-key'] });
    const other = await startResourceServer();
    other.answer(() => ({ body: 'there' }));
    api.answerOnce({ status: 307, headers: { location: `${other.origin}/` } });

    const { data } = await instance.get<string>('/orders', { headers: { 'x-api-key': 'k3y', 'x-tenant': 'blue' } });

    expect(data).toBe('there');
    expect(namesIn(other.requests[0])).toEqual(expect.not.arrayContaining(['dpop', 'authorization', 'x-api-key']));
    expect(namesIn(other.requests[0])).toContain('x-tenant');
  });

  test('is not followed on fetch, which would send the proof to another URL', async () => {
    const { instance, api } = await start({ adapter: 'fetch', validateStatus: () => true });
    api.answerOnce({ status: 307, headers: { location: '/moved' } });

    const { status } = await instance.get('/orders');

    expect(status).toBe(307);
    expect(api.requests).toHaveLength(1);
  });
});

test.each(['http', 'fetch'])('leaves the config unchanged, on %s [E9]', async (adapter) => {
  const { instance } = await start({ adapter, maxRedirects: 3, sensitiveHeaders: ['x-api-key'] });

  const { config } = await instance.get<unknown>('/orders');

  expect(config).toMatchObject({ maxRedirects: 3, sensitiveHeaders: ['x-api-key'] });
  expect(config.headers.get('DPoP')).toBeUndefined();
});

test('keeps the nonces of two APIs apart [R-74]', async () => {
  const one = await startDpopSurroundings();
  const other = await startDpopSurroundings({ tokenEndpoint: one.authorizationServer.tokenEndpoint });
  one.atApi.require('nonce-of-one');
  other.atApi.require('nonce-of-other');
  const instance = axios.create({ validateStatus: () => true });
  instance.interceptors.request.use(bearerToken(one.tokens, { origins: [one.api.origin, other.api.origin] }));

  for (const { api } of [one, other, one, other]) await instance.get(`${api.origin}/orders`);

  // The other API knows nothing of the keys: that it rejects the token is not what counts.
  expect(nonces(one)).toEqual(['nonce-of-one', 'nonce-of-one']);
  expect(new Set(nonces(other))).toEqual(new Set(['nonce-of-other']));
});

test.each<[string, AxiosRequestConfig, string]>([
  ['params', { url: '/orders', params: { limit: 1 } }, '/orders'],
  ['a query and a fragment', { url: '/orders?a=b#c' }, '/orders'],
  ['a path below the base', { url: 'orders/7' }, '/orders/7'],
  ['spaces', { url: '/or ders/ä' }, '/or%20ders/%C3%A4'],
])('signs the requested URL with %s [R-66]', async (_what, config, path) => {
  const { instance, atApi, api } = await start();

  const { status } = await instance.request<unknown>(config);

  expect(status).toBe(200);
  expect(atApi.proofs).toMatchObject([{ htu: api.origin + path }]);
});

test('signs a new proof if another library sends the same config again [R-71 E18]', async () => {
  const { instance, api, atApi } = await start();
  api.answerOnce({ status: 503 });
  instance.interceptors.response.use(undefined, async (error: AxiosError) => instance.request(error.config ?? {}));

  const { status } = await instance.get<unknown>('/orders');

  expect(status).toBe(200);
  expect(new Set(api.requests.map(({ headers }) => headers['dpop'])).size).toBe(2);
  expect(atApi.proofs).toHaveLength(1);
});

/** The response, or the error in its place. */
const outcomeOf = async (answer: Promise<AxiosResponse>): Promise<unknown> => answer.catch((error: unknown) => error);

const namesIn = (request: RecordedRequest | undefined): string[] => Object.keys(request?.headers ?? {});

const nonces = ({ atApi }: DpopSurroundings): unknown[] => atApi.proofs.map(({ nonce }) => nonce);
