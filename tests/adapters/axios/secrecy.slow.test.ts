import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';
import type { AxiosError, AxiosRequestConfig, AxiosResponse } from 'axios';

import { startAxios } from '../../support/adapter-axios.js';
import { leakIn } from '../../support/adapter-leak.js';
import { gate } from '../../support/adapter-service.js';
import type { Answer, Handler } from '../../support/http-server.js';
import { rejected, startResourceServer } from '../../support/resource-server.js';

// The tokens are called token-1, token-2 and so on; in base64 as well.
const token = /token-\d|dG9rZW4t/;

const adapters = [['http'], ['fetch']];

describe.each(adapters)('on %s no token is in [E9 F4 R-25]', (adapter) => {
  test.each<[string, AxiosRequestConfig, Handler]>([
    ['a response', {}, () => ({ body: 'done' })],
    ['a response to a body', { method: 'post', data: { quantity: 3 } }, () => ({ body: 'done' })],
    ['the error of a 500', {}, () => ({ status: 500, body: 'no' })],
    ['the error of a 401', {}, () => rejected()],
    ['a 401 that is a response', { validateStatus: () => true }, () => rejected()],
    ['the error of a 403', {}, () => ({ ...rejected('Bearer error="insufficient_scope"'), status: 403 })],
    ['the error of a connection that is reset', {}, (_request, response) => void response.destroy()],
    ['the error of a timeout', { timeout: 100 }, () => undefined],
    ['the error of a response that is too long', { maxContentLength: 10 }, () => ({ body: 'x'.repeat(10_000) })],
    ['the error of a body that is too long', { method: 'post', data: 'xxx', maxBodyLength: 2 }, () => ({})],
    ['the error of a redirect in circles', { maxRedirects: 3 }, () => ({ status: 302, headers: { location: '/' } })],
    [
      'the error of a response that breaks off',
      {},
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
        return undefined;
      },
    ],
    [
      'the error of a response that is no JSON',
      { responseType: 'json', transitional: { silentJSONParsing: false } },
      () => ({ body: '{' }),
    ],
  ])('%s', async (_what, config, answer) => {
    const { instance, api, tokens } = await startAxios({}, { adapter });
    api.answer(answer);
    await tokens.getToken();

    const outcome = await outcomeOf(instance.request<unknown>({ url: '/orders', ...config }));

    expect(token.test(authorizations(api.requests))).toBe(config.maxBodyLength === undefined);
    expect(leakIn(outcome, token)).toBeUndefined();
    expect(outcome.config?.headers?.get('Authorization')).toBeUndefined();
  });

  test('the error of a request that the caller aborts', async () => {
    const { instance, api } = await startAxios({}, { adapter });
    const arrived = gate();
    api.answer(() => {
      arrived.open();
      return undefined;
    });
    const caller = new AbortController();

    const answer = outcomeOf(instance.get('/orders', { signal: caller.signal }));
    await arrived.opened;
    caller.abort();

    const outcome = await answer;
    expect(outcome).toMatchObject({ code: 'ERR_CANCELED' });
    expect(leakIn(outcome, token)).toBeUndefined();
  });

  test('a response after redirects, within the origin and to another', async () => {
    const { instance, api } = await startAxios({}, { adapter });
    const other = await startResourceServer();
    other.answer(() => ({ body: 'there' }));
    api.answer(({ path }): Answer => {
      if (path === '/orders') return { status: 307, headers: { location: '/moved' } };
      return path === '/away' ? { status: 307, headers: { location: `${other.origin}/` } } : { body: 'here' };
    });

    const outcomes = [await outcomeOf(instance.get('/orders')), await outcomeOf(instance.get('/away'))];

    expect(outcomes.map(({ data }) => data as unknown)).toEqual(['here', 'there']);
    expect(leakIn(outcomes, token)).toBeUndefined();
  });

  test('a rejected response that "isRejected" gets, nor in the next response', async () => {
    const rejectedOnes: unknown[] = [];
    const { instance, api } = await startAxios(
      {
        isRejected(response) {
          rejectedOnes.push(leakIn(response, token));
          return false;
        },
      },
      { adapter, validateStatus: () => true },
    );
    api.answer(({ headers }) => (headers.authorization === 'Bearer token-1' ? { status: 403 } : { body: 'done' }));

    const outcome = await outcomeOf(instance.get('/orders'));

    expect(leakIn(outcome, token)).toBeUndefined();
    expect(rejectedOnes).toEqual([undefined]);
  });

  test('a response or its stream', async () => {
    const { instance, api } = await startAxios({}, { adapter, responseType: 'stream' });
    api.answer((_request, response) => {
      response.writeHead(200);
      response.write('slow');
      return undefined;
    });

    const outcome = await outcomeOf(instance.get<Readable>('/orders'));

    expect(leakIn(outcome, token)).toBeUndefined();
    expect(leakIn(outcome.data, token)).toBeUndefined();
  });

  test('a stream that was read to its end', async () => {
    const { instance } = await startAxios({}, { adapter, responseType: 'stream' });

    const { data } = await instance.get<Readable>('/orders');
    await text(data);

    expect(leakIn(data, token)).toBeUndefined();
  });

  test('a stream that was the request body, nor in the response', async () => {
    const { instance, api } = await startAxios({}, { adapter, validateStatus: () => true });
    api.answer(() => rejected());
    const body = Readable.from(['an order']);

    const outcome = await outcomeOf(instance.post('/orders', body));

    expect(authorizations(api.requests)).toMatch(token);
    expect(leakIn(outcome, token)).toBeUndefined();
    expect(leakIn(body, token)).toBeUndefined();
  });

  test('the error of a stream that the caller aborts', async () => {
    const { instance, api } = await startAxios({}, { adapter, responseType: 'stream' });
    api.answer((_request, response) => {
      response.writeHead(200);
      response.write('slow');
      return undefined;
    });
    const caller = new AbortController();

    const { data } = await instance.get<Readable>('/orders', { signal: caller.signal });
    const broken = text(data).catch((error: unknown) => error);
    caller.abort();

    expect(await broken).toBeInstanceOf(Object);
    expect(leakIn(await broken, token)).toBeUndefined();
  });

  test('the error of a stream that is too long', async () => {
    const { instance, api } = await startAxios({}, { adapter, responseType: 'stream', maxContentLength: 10 });
    api.answer((_request, response) => {
      response.writeHead(200);
      response.write('x'.repeat(10_000));
      return undefined;
    });

    const { data } = await instance.get<Readable>('/orders');
    const broken = await text(data).catch((error: unknown) => error);

    expect(broken).toBeInstanceOf(Object);
    expect(leakIn(broken, token)).toBeUndefined();
  });

  test.each([['Authorization'], ['authorization'], ['AUTHORIZATION']])(
    'the headers when the caller’s %s was undefined',
    async (header) => {
      const { instance, api } = await startAxios({}, { adapter });

      const outcome = await outcomeOf(instance.get('/orders', { headers: { [header]: undefined } } as object));

      expect(authorizations(api.requests)).toMatch(token);
      expect(leakIn(outcome, token)).toBeUndefined();
    },
  );

  test('any event', async () => {
    const { instance, api, events } = await startAxios({}, { adapter, validateStatus: () => true });
    api.answer(() => rejected());

    await instance.get('/orders');
    await instance.get('/orders');

    expect(events).toHaveLength(3);
    expect(leakIn(events, token)).toBeUndefined();
  });
});

describe('no token of other requests in flight is in [F4 R-25]', () => {
  test('a response or an error, by way of the agent of Node', async () => {
    const { instance, api } = await startAxios({});
    const [allArrived, done] = [gate(), gate()];
    let arrived = 0;
    api.answer(async ({ path }) => {
      arrived += 1;
      if (arrived === 6) allArrived.open();
      await (path === '/slow' ? done : allArrived).opened;
      return path === '/fails' ? { status: 500 } : { body: 'done' };
    });

    const slow = Array.from({ length: 4 }, () => instance.get('/slow'));
    const outcomes = await Promise.all([outcomeOf(instance.get('/orders')), outcomeOf(instance.get('/fails'))]);
    const leaks = outcomes.map((outcome) => leakIn(outcome, token));
    done.open();
    await Promise.all(slow);

    expect(outcomes.map(({ status }) => status)).toEqual([200, 500]);
    expect(leaks).toEqual([undefined, undefined]);
  });
});

test('the request object of a response has the method and the URL', async () => {
  const { instance, api } = await startAxios();

  const { request } = await instance.get<unknown>('/orders', { params: { limit: 1 } });

  expect(request).toEqual({
    method: 'GET',
    protocol: 'http:',
    host: '127.0.0.1',
    path: '/orders?limit=1',
    res: { responseUrl: `${api.origin}/orders?limit=1` },
    wasRedirected: false,
  });
});

test('the request object of a response has the URL after redirects', async () => {
  const { instance, api } = await startAxios();
  api.answer(({ path }) => (path === '/orders' ? { status: 307, headers: { location: '/moved' } } : { body: 'here' }));

  const { request } = await instance.get<unknown>('/orders');

  expect(request).toMatchObject({
    path: '/moved',
    res: { responseUrl: `${api.origin}/moved` },
    wasRedirected: true,
  });
});

/** The response, or the error in its place. */
async function outcomeOf(answer: Promise<AxiosResponse>): Promise<AxiosError & AxiosResponse> {
  return answer.catch((error: unknown) => error) as Promise<AxiosError & AxiosResponse>;
}

const authorizations = (requests: readonly { headers: { authorization?: string | undefined } }[]): string =>
  requests.map(({ headers }) => headers.authorization).join();
