import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';

import { startAxios } from '../../support/adapter-axios.js';
import { gate } from '../../support/adapter-service.js';
import { cleanUp } from '../../support/clean-up.js';
import type { Handler, RecordedRequest } from '../../support/http-server.js';
import { rejected } from '../../support/resource-server.js';
import { untilRenewed } from '../../support/until.js';

const form = (): FormData => {
  const data = new FormData();
  data.append('note', 'hello');
  data.append('file', new Blob(['content'], { type: 'text/plain' }), 'note.txt');
  return data;
};

const bodies: [string, () => unknown, RegExp][] = [
  ['a plain object', () => ({ quantity: 3 }), /^\{"quantity":3\}$/],
  ['a string', () => 'an order', /^an order$/],
  ['an empty string', () => '', /^$/],
  ['a Buffer', () => Buffer.from('bytes'), /^bytes$/],
  ['a Uint8Array', () => new TextEncoder().encode('bytes'), /^bytes$/],
  ['an ArrayBuffer', () => new TextEncoder().encode('bytes').buffer, /^bytes$/],
  ['URLSearchParams', () => new URLSearchParams({ a: '1', b: 'ü' }), /^a=1&b=%C3%BC$/],
  ['a native FormData', form, /name="note"\r\n\r\nhello[^]*note\.txt[^]*content/],
  ['a Blob', () => new Blob(['of text'], { type: 'text/plain' }), /^of text$/],
];

describe.each([['http'], ['fetch']])('on %s a resend has the same [E1 E9]', (adapter) => {
  test.each(bodies)('body of %s', async (_what, body, expected) => {
    const { instance, api } = await startAxios({}, { adapter });
    api.revoke('token-1');

    const { status } = await instance.post('/orders', body());

    const [first, second] = api.requests;
    expect(status).toBe(200);
    expect(first?.body).toMatch(expected);
    expect(comparable(second)).toEqual(comparable(first));
  });
});

const formDataLike = (): Readable =>
  Object.assign(Readable.from(['--b\r\n\r\nhello\r\n--b--\r\n']), {
    append: () => undefined,
    getHeaders: () => ({ 'content-type': 'multipart/form-data; boundary=b' }),
    toString: () => '[object FormData]',
  });

test.each<[string, string, () => unknown]>([
  ['http', 'a Node stream', () => Readable.from(['an ', 'order'])],
  ['http', 'a form with "pipe"', formDataLike],
  ['fetch', 'a web stream', () => new Blob(['an order']).stream()],
])('on %s does not send %s twice; the next call has another token [E8]', async (adapter, _what, body) => {
  const { instance, api, events, tokens } = await startAxios({}, { adapter, validateStatus: () => true });
  api.revoke('token-1');
  const config = adapter === 'fetch' ? ({ fetchOptions: { duplex: 'half' } } as object) : {};

  const { status } = await instance.post('/orders', body(), config);
  await untilRenewed(tokens);
  const next = await instance.get('/orders');

  expect([status, next.status]).toEqual([401, 200]);
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(api.requests[0]?.body).toMatch(/an order|hello/);
  expect(events).toMatchObject([{ type: 'request.not_resent', reason: 'body cannot be sent twice' }]);
});

test('resends the same query parameters [E9]', async () => {
  const { instance, api } = await startAxios();
  api.revoke('token-1');

  await instance.get('/orders?sort=up', { params: { tags: ['a', 'b'], q: 'ü&' } });

  expect(api.requests).toHaveLength(2);
  expect(api.requests[1]?.path).toBe(api.requests[0]?.path);
});

describe.each([['http'], ['fetch']])('on %s a resend keeps the response', (adapter) => {
  test.each<['json' | 'text' | 'arraybuffer' | 'stream']>([['json'], ['text'], ['arraybuffer'], ['stream']])(
    'type "%s" of the request',
    async (responseType) => {
      const { instance, api } = await startAxios({}, { adapter, responseType });
      api.answer(({ headers }) => (headers.authorization === 'Bearer token-1' ? rejected() : { body: { id: 7 } }));

      const { data } = await instance.get<unknown>('/orders/7');

      expect(api.requests).toHaveLength(2);
      expect(await read(data, responseType)).toEqual(responseType === 'json' ? { id: 7 } : '{"id":7}');
    },
  );
});

test.each<[string, object]>([
  ['a plain stream', {}],
  ['a stream of limited length', { maxContentLength: 1_000_000 }],
  ['a stream with progress', { onDownloadProgress: () => undefined }],
])('frees the only connection if a rejected response never ends: %s [E14]', async (_what, config) => {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanUp(() => httpAgent.destroy());
  const { instance, api } = await startAxios({}, { httpAgent, responseType: 'stream', ...config });
  const closed = gate();
  api.answer(endless401(closed.open));

  const { data } = await instance.get<Readable>('/orders');

  expect(await text(data)).toBe('done');
  await closed.opened;
});

test('cancels a rejected response that never ends, on fetch too [E14]', async () => {
  const { instance, api } = await startAxios({}, { adapter: 'fetch', responseType: 'stream' });
  const closed = gate();
  api.answer(endless401(closed.open));

  const { data } = await instance.get<ReadableStream>('/orders');

  expect(await text(data as unknown as AsyncIterable<Uint8Array> as Readable)).toBe('done');
  await closed.opened;
});

test('frees the connection also if the renewal fails [E14]', async () => {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanUp(() => httpAgent.destroy());
  const { instance, api, clock, authorizationServer } = await startAxios({}, { httpAgent, responseType: 'stream' });
  const closed = gate();
  api.answer((request, response) => {
    // It expires while the reply is on its way.
    clock.advance(3_600_000);
    authorizationServer.script({ status: 503 });
    return endless401(closed.open)(request, response);
  });

  await expect(instance.get('/orders')).rejects.toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });

  await closed.opened;
});

test('a 401 that is the result can be read by the caller [E8]', async () => {
  const { instance, api } = await startAxios(
    { resend: 'never' },
    { responseType: 'stream', validateStatus: () => true },
  );
  api.answer(() => ({ ...rejected(), body: 'no' }));

  const { status, data } = await instance.get<Readable>('/orders');

  expect(status).toBe(401);
  expect(await text(data)).toBe('no');
});

test('delivers an endless response as soon as it begins [E16]', async () => {
  const { instance, api } = await startAxios({}, { responseType: 'stream' });
  api.answer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    return undefined;
  });

  const { data } = await instance.get<Readable>('/events');

  const [first] = await new Promise<[Buffer]>((resolve) => data.once('data', (chunk: Buffer) => resolve([chunk])));
  data.destroy();
  expect(String(first)).toBe('data: 1\n\n');
});

/** Rejects `token-1` with a body that never ends; tells when that connection is closed. */
function endless401(closed: () => void): Handler {
  return ({ headers }, response) => {
    if (headers.authorization !== 'Bearer token-1') return { body: 'done' };
    response.on('close', closed);
    response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' });
    response.write('no '.repeat(1_000));
    return undefined;
  };
}

/** The request without what may differ: the authorization, and the boundary of a form, which is drawn anew. */
function comparable(request: RecordedRequest | undefined): unknown {
  const { headers: { authorization: _, ...headers } = {}, ...rest } = { ...request };
  const boundary = /^--(\S+)/.exec(rest.body ?? '')?.[1] ?? 'no boundary';
  return JSON.stringify({ ...rest, headers }).replaceAll(boundary, 'boundary');
}

async function read(data: unknown, responseType: string): Promise<unknown> {
  if (responseType === 'arraybuffer') return new TextDecoder().decode(data as Buffer);
  return responseType === 'stream' ? text(data as Readable) : data;
}
