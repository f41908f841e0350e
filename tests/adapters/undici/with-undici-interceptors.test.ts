import { describe, expect, test } from '@jest/globals';
import { type Dispatcher, interceptors } from 'undici';

import { gate } from '../../support/adapter-service.js';
import { startUndici } from '../../support/adapter-undici.js';
import { granted } from '../../support/authorization-server.js';
import { rejected, type ScriptedResourceServer } from '../../support/resource-server.js';
import { undici8 } from '../../support/undici-client.js';

type Interceptor = Dispatcher.DispatcherComposeInterceptor;

/** A dispatcher whose token names the tenant that is asked for, and an API that answers with it. */
async function startTenants(
  order: { below?: readonly Interceptor[]; above?: readonly Interceptor[] },
  makeAgent?: () => Dispatcher,
) {
  const { dispatcher, api, authorizationServer } = await startUndici(
    {},
    { ...order, ...(makeAgent && { makeDispatcher: makeAgent }) },
  );
  authorizationServer.script(({ body }) => granted(`of-${new URLSearchParams(body).get('tenant')}`));
  return {
    api,
    get: async (tenant: string, path = '/orders'): Promise<string> => {
      const options: Dispatcher.RequestOptions = {
        origin: api.origin,
        path,
        method: 'GET',
        tokenRequest: { parameters: { tenant } },
      };
      const { statusCode, body } = await dispatcher.request(options);
      return `${statusCode} ${await body.text()}`;
    },
  };
}

/** Lets an API answer with the token, after so many requests have arrived. */
function answerWithToken(api: ScriptedResourceServer, cacheControl: string, arrivals = 0, vary?: string): void {
  const all = gate();
  api.answer(async ({ headers }) => {
    if (api.requests.length >= arrivals) all.open();
    await all.opened;
    return {
      headers: { 'cache-control': cacheControl, ...(vary !== undefined && { vary }) },
      body: headers.authorization ?? 'no token',
    };
  });
}

const versions: [string, { cache: () => Interceptor; deduplicate: () => Interceptor; makeAgent?: () => Dispatcher }][] =
  undici8 === undefined
    ? [['undici', { cache: () => interceptors.cache(), deduplicate: () => interceptors.deduplicate() }]]
    : [['undici 8', undici8]];

describe.each(versions)('with the interceptors of %s', (_name, { cache, deduplicate, makeAgent }) => {
  test('an inner cache stores no response to a request with a token, unless the API marks it public [E37]', async () => {
    const { api, get } = await startTenants({ below: [cache()] }, makeAgent);
    answerWithToken(api, 'max-age=60');

    const replies = [await get('a'), await get('b'), await get('a')];

    expect(replies).toEqual(['200 Bearer of-a', '200 Bearer of-b', '200 Bearer of-a']);
  });

  test('an inner cache separates tokens if the API sends Vary: Authorization [E37]', async () => {
    const { api, get } = await startTenants({ below: [cache()] }, makeAgent);
    answerWithToken(api, 'public, max-age=60', 0, 'authorization');

    const replies = [await get('a'), await get('b'), await get('a'), await get('b')];

    expect(replies).toEqual(['200 Bearer of-a', '200 Bearer of-b', '200 Bearer of-a', '200 Bearer of-b']);
    expect(api.requests).toHaveLength(2);
  });

  test('an inner deduplicate joins the requests of one tenant only [E37]', async () => {
    const { api, get } = await startTenants({ below: [deduplicate()] }, makeAgent);
    answerWithToken(api, 'no-store');
    await get('a', '/warm-up');
    await get('b', '/warm-up');
    answerWithToken(api, 'no-store', 4);

    const replies = await Promise.all([get('a'), get('b'), get('a'), get('b')]);

    expect(replies).toEqual(['200 Bearer of-a', '200 Bearer of-b', '200 Bearer of-a', '200 Bearer of-b']);
    expect(api.requests).toHaveLength(4);
  });

  test('with both inside, all requests with a rejected token are resent [E37 E4]', async () => {
    const { dispatcher, api } = await startUndici(
      {},
      { below: [cache(), deduplicate()], ...(makeAgent && { makeDispatcher: makeAgent }) },
    );
    api.answer(({ headers }) =>
      headers.authorization === 'Bearer token-1'
        ? { ...rejected(), body: 'no '.repeat(100_000) }
        : { headers: { 'cache-control': 'public, max-age=60' }, body: 'done' },
    );

    const replies = await Promise.all(
      Array.from({ length: 10 }, () => dispatcher.request({ origin: api.origin, path: '/orders', method: 'GET' })),
    );

    expect(await Promise.all(replies.map(({ body }) => body.text()))).toEqual(Array.from({ length: 10 }, () => 'done'));
  });

  // Why the notes name the order: above ours, these interceptors do not see the token.
  test('outside, both give a tenant the response to another tenant [E37]', async () => {
    const cached = await startTenants({ above: [cache()] }, makeAgent);
    answerWithToken(cached.api, 'max-age=60');
    const joined = await startTenants({ above: [deduplicate()] }, makeAgent);
    answerWithToken(joined.api, 'no-store');

    const replies = [
      await cached.get('a'),
      await cached.get('b'),
      ...(await Promise.all(['a', 'b'].map((tenant) => joined.get(tenant)))),
    ];

    expect(replies).toEqual(Array.from({ length: 4 }, () => '200 Bearer of-a'));
  });
});
