import { once } from 'node:events';
import { globalAgent, IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';
import axios, { type AxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { bearerToken } from 'm2m-tokens/axios';

import { staticToken } from '../../../src/service/static-token.js';
import { leakIn } from '../../support/adapter-leak.js';
import { gate } from '../../support/adapter-service.js';
import { listen } from '../../support/http-server.js';

const token = /token-\d|dG9rZW4t/;

/** An API that begins to answer, and what ends its answers. */
async function startApi(config: AxiosRequestConfig = {}) {
  const rest = gate();
  const [closed, sockets] = [gate(), new Set<Socket>()];
  const held = gate();
  const begin = async (response: ServerResponse, status: number): Promise<void> => {
    response.writeHead(status, 'Fine', { 'x-tenant': 'blue', trailer: 'x-checksum' });
    response.write('in ');
    response.on('close', closed.open);
    await rest.opened;
    response.write('parts');
    response.addTrailers({ 'x-checksum': '7' });
    response.end();
  };
  const origin = await listen(({ url, socket }, response) => {
    sockets.add(socket);
    if (url === '/moved') response.writeHead(307, { location: '/slow' }).end();
    else if (url === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('in parts'));
    else if (url === '/short') response.end('in parts');
    else if (url === '/empty') response.writeHead(200).end();
    else if (url === '/breaks') response.writeHead(200).write('in ', () => response.destroy());
    else if (url === '/held') held.open();
    else if (url !== '/never') void begin(response, url === '/missing' ? 404 : 200);
  });
  const client = (value: string) => {
    const instance = axios.create({ baseURL: origin, responseType: 'stream', ...config });
    instance.interceptors.request.use(bearerToken(staticToken(value)));
    return instance;
  };
  /** Another request that is under way: nothing has removed its token yet. */
  const startOther = async (): Promise<AxiosResponse<Readable>> => {
    client('token-1')
      .get('/held')
      .catch(() => undefined);
    await held.opened;
    // Otherwise a test would find nothing.
    expect(leakIn(Object.values(globalAgent.sockets), token)).toBeDefined();
    return client('token-2').get<Readable>('/slow');
  };
  return { origin, sockets, closed: closed.opened, end: rest.open, client, startOther };
}

/** The response, or the error in its place. */
const outcomeOf = (answer: Promise<AxiosResponse<Readable>>): Promise<AxiosError & AxiosResponse<Readable>> =>
  answer.catch((error: unknown) => error) as Promise<AxiosError & AxiosResponse<Readable>>;

describe('while other requests are under way, no token of any of them is in [E35 F4 R-25]', () => {
  test.each<[string, string, AxiosRequestConfig]>([
    ['a stream', '/slow', {}],
    ['a stream on fetch', '/slow', { adapter: 'fetch' }],
    ['a stream without follow-redirects', '/slow', { maxRedirects: 0 }],
    ['a stream after a redirect', '/moved', {}],
    ['a stream that is unzipped', '/gzip', {}],
    ['a stream with progress', '/slow', { onDownloadProgress: () => undefined }],
    ['a stream of limited length', '/slow', { maxContentLength: 1_000 }],
    ['a stream with a timeout and a signal', '/slow', { timeout: 60_000, signal: new AbortController().signal }],
    ['the error of a 404', '/missing', {}],
    ['the error of a 404 on fetch', '/missing', { adapter: 'fetch' }],
    ['the error of a timeout', '/never', { timeout: 100 }],
    ['the error of too many redirects', '/moved', { maxRedirects: 0 }],
  ])('%s', async (_what, path, config) => {
    const { client, end, startOther } = await startApi();
    const other = await startOther();

    const outcome = await outcomeOf(client('token-3').get<Readable>(path, config));
    const data = outcome.data ?? outcome.response?.data;

    expect(leakIn([outcome, other], token)).toBeUndefined();
    expect(leakIn([outcome.request, outcome.response?.request, outcome.cause, data], token)).toBeUndefined();
    for (const name of ['req', 'socket', 'client', 'connection', 'session']) {
      expect((data as Readable & Record<string, unknown>)?.[name] ?? undefined).toBeUndefined();
    }
    end();
  });

  test.each<[string, string, AxiosRequestConfig, (data: Readable, caller: AbortController) => void]>([
    ['its caller gives up', '/slow', {}, (_data, caller) => caller.abort()],
    ['its server breaks off', '/breaks', {}, () => {}],
    ['it is destroyed with an error', '/slow', {}, (data) => data.destroy(new Error('no more'))],
    ['it is too long', '/short', { maxContentLength: 3 }, () => {}],
  ])('the error of a stream when %s', async (_what, path, config, act) => {
    const { client, end, startOther } = await startApi();
    const other = await startOther();
    const caller = new AbortController();

    const { data } = await client('token-3').get<Readable>(path, { signal: caller.signal, ...config });
    const failure = text(data).catch((error: unknown) => error);
    act(data, caller);

    expect(await failure).toHaveProperty('message');
    expect(leakIn([await failure, data, other], token)).toBeUndefined();
    expect((await failure) as AxiosError).not.toHaveProperty('request.agent');
    end();
  });
});

describe('a response stream is as axios gives it:', () => {
  test('status, headers, version and trailers of the message', async () => {
    const { client, end, origin } = await startApi();

    const { data } = await client('token-1').get<IncomingMessage>('/moved');
    const before = data.complete;
    end();
    const body = await text(data);

    expect(data).toBeInstanceOf(IncomingMessage);
    expect([before, body, data.complete]).toEqual([false, 'in parts', true]);
    expect(data).toMatchObject({
      statusCode: 200,
      statusMessage: 'Fine',
      httpVersion: '1.1',
      httpVersionMajor: 1,
      httpVersionMinor: 1,
      headers: { 'x-tenant': 'blue' },
      headersDistinct: { 'x-tenant': ['blue'] },
      trailers: { 'x-checksum': '7' },
      trailersDistinct: { 'x-checksum': ['7'] },
      rawTrailers: ['x-checksum', '7'],
      responseUrl: `${origin}/slow`,
    });
    expect(data.rawHeaders.slice(0, 2)).toEqual(['x-tenant', 'blue']);
  });

  test.each<[string, string, AxiosRequestConfig, string]>([
    ['unzipped', '/gzip', {}, 'in parts'],
    ['empty', '/empty', {}, ''],
    ['with progress', '/short', { onDownloadProgress: () => undefined }, 'in parts'],
    ['of limited length', '/short', { maxContentLength: 100 }, 'in parts'],
  ])('%s', async (_what, path, config, expected) => {
    const { client } = await startApi();

    const { data } = await client('token-1').get<Readable>(path, config);

    expect(await text(data)).toBe(expected);
  });

  test('not unzipped', async () => {
    const { client } = await startApi();

    const { data } = await client('token-1').get<Readable>('/gzip', { decompress: false });
    const chunks = await data.toArray();

    expect(Buffer.concat(chunks as Buffer[])).toEqual(gzipSync('in parts'));
  });

  test('its connection is reused after it was read', async () => {
    const { client, sockets } = await startApi();

    for (let request = 0; request < 4; request += 1) {
      const { data } = await client('token-1').get<Readable>('/short');
      await pipeline(data, new PassThrough().resume());
      // Node gives the socket back in the next turn.
      await new Promise(setImmediate);
    }

    expect(sockets.size).toBe(1);
  });

  test('it does not flow before it is read, and waits for a slow reader', async () => {
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const origin = await listen((_request, response) => {
      const write = (): void => {
        while (written < 64 * 2 ** 20 && response.write(chunk)) written += chunk.length;
      };
      response.on('drain', write);
      write();
    });
    const instance = axios.create({ baseURL: origin, responseType: 'stream' });
    instance.interceptors.request.use(bearerToken(staticToken('token-1')));

    const { data } = await instance.get<Readable>('/');
    await once(data, 'readable');
    let seen = -1;
    // The server has stopped when nothing was written for a while.
    while (seen !== written) {
      seen = written;
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    }

    expect(data.readableLength).toBeLessThanOrEqual(256 * 1024);
    expect(written).toBeLessThan(64 * 2 ** 20);
    data.destroy();
  });

  test.each(['/slow', '/moved'])('destroying it closes the connection (%s)', async (path) => {
    const { client, closed } = await startApi();

    const { data } = await client('token-1').get<Readable>(path);
    data.destroy();

    await closed;
    expect(data.destroyed).toBe(true);
  });

  test('a signal ends it and its connection', async () => {
    const { client, closed } = await startApi();
    const caller = new AbortController();

    const { data } = await client('token-1').get<Readable>('/slow', { signal: caller.signal });
    const failure = text(data).catch((error: unknown) => error);
    caller.abort();

    await closed;
    expect(axios.isCancel(await failure)).toBe(true);
  });

  test('"aborted" and an error report that the server closed the connection', async () => {
    const { client } = await startApi();
    const events: string[] = [];

    const { data } = await client('token-1').get<IncomingMessage>('/breaks');
    for (const event of ['aborted', 'end', 'close']) data.on(event, () => events.push(event));
    const [failure] = (await once(data.resume(), 'error')) as [Error];
    await new Promise(setImmediate);

    expect(failure).toMatchObject({ code: 'ECONNRESET', message: 'aborted' });
    expect(events).toEqual(['aborted', 'close']);
    expect([data.aborted, data.complete]).toEqual([true, false]);
  });

  test('an error without a listener does not end the process', async () => {
    const { client } = await startApi();

    const { data } = await client('token-1').get<IncomingMessage>('/breaks');
    await new Promise((resolve) => data.resume().on('close', resolve));

    expect(data.aborted).toBe(true);
  });

  test('it reports a timeout of its connection', async () => {
    const { client } = await startApi();

    const { data } = await client('token-1').get<IncomingMessage>('/slow');
    const timedOut = new Promise<void>((resolve) => data.setTimeout(50, resolve));

    await expect(timedOut).resolves.toBeUndefined();
  });

  test('a rejected one frees its connection, and the resend has a stream of its own', async () => {
    let asked = 0;
    const origin = await listen(({ headers }, response) => {
      asked += 1;
      response.writeHead(headers.authorization === 'Bearer token-2' ? 200 : 401).end('in parts');
    });
    const instance = axios.create({ baseURL: origin, responseType: 'stream' });
    const getToken = (_request: unknown, { replacing }: { replacing?: unknown } = {}) =>
      staticToken(replacing === undefined ? 'token-1' : 'token-2').getToken();
    instance.interceptors.request.use(bearerToken({ getToken }));

    const { data } = await instance.get<Readable>('/');

    expect(await text(data)).toBe('in parts');
    expect(asked).toBe(2);
  });
});
