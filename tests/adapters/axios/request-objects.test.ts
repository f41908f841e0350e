import { Agent } from 'node:http';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from '@jest/globals';
import axios, { type AxiosRequestConfig } from 'axios';

import { bearerToken } from '../../../src/adapters/axios/index.js';
import { staticToken } from '../../../src/service/static-token.js';
import { startAxios } from '../../support/adapter-axios.js';
import { leakIn } from '../../support/adapter-leak.js';
import { gate } from '../../support/adapter-service.js';
import { cleanUp } from '../../support/clean-up.js';
import { listen, startHttpServer } from '../../support/http-server.js';

const secret = /token-\d/;
const http2: object = { httpVersion: 2, http2Options: { sessionTimeout: 1 } };
const headers = { Authorization: 'Bearer token-0', DPoP: 'proof' };

// If one of these tests fails, Node or follow-redirects has renamed a member, and redact-request.ts no longer removes what it held.
describe('an unredacted request object holds its headers in the members that the adapter clears [F4 R-25]', () => {
  test.each<[string, AxiosRequestConfig]>([
    ['of follow-redirects', {}],
    ['of Node', { maxRedirects: 0 }],
  ])('a ClientRequest %s: in "_header" and "kOutHeaders"', async (_what, config) => {
    const request = await sent(config);

    const kOutHeaders = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'kOutHeaders');
    expect(request['_header']).toMatch(/^GET \/ HTTP\/1\.1\r\n[^]*Authorization: Bearer token-0\r\n/);
    expect(request[kOutHeaders as never]).toMatchObject({
      authorization: ['Authorization', 'Bearer token-0'],
      dpop: ['DPoP', 'proof'],
    });
  });

  test('the request of follow-redirects: in "_options.headers", which the ClientRequest references', async () => {
    const request = await sent({});

    expect(request['_redirectable']).toMatchObject({ _currentRequest: request, _options: { headers } });
  });

  test('a stream of HTTP/2: in "sentHeaders"', async () => {
    const { request } = await axios.get<unknown>(await startHttp2(), { ...http2, headers });

    expect((request as { sentHeaders: unknown }).sentHeaders).toMatchObject(headers);
  });
});

describe('no token is in [E9 F4 R-25]', () => {
  test('an agent of the caller, when its requests have ended', async () => {
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    cleanUp(() => httpAgent.destroy());
    const { instance, api } = await startAxios({}, { httpAgent, validateStatus: () => true });
    api.answer(({ path }) => (path === '/moved' ? { body: 'here' } : { status: 307, headers: { location: '/moved' } }));

    const outcomes = await Promise.all(['/a', '/b', '/moved'].map((path) => instance.get<unknown>(path)));

    expect(api.requests.map(({ headers: { authorization } }) => authorization)).toContain('Bearer token-1');
    expect(leakIn(httpAgent, secret)).toBeUndefined();
    expect(leakIn(outcomes, secret)).toBeUndefined();
  });

  test('a stream that is still being sent when its response arrives', async () => {
    const sentOn = gate();
    const origin = await listen(async (incoming, response) => {
      response.write(`${incoming.headers.authorization} has sent: `);
      incoming.pipe(response);
    });
    async function* parts(): AsyncGenerator<string> {
      yield 'an ';
      await sentOn.opened;
      yield 'order';
    }
    const body = Readable.from(parts());
    const instance = axios.create({ baseURL: origin, responseType: 'stream', maxRedirects: 0 });
    instance.interceptors.request.use(bearerToken(staticToken('token-0')));

    const { data } = await instance.post<Readable>('/orders', body);
    const leak = leakIn([data, body], secret);
    sentOn.open();

    expect(await text(data)).toBe('Bearer token-0 has sent: an order');
    expect(leak).toBeUndefined();
  });

  test('a stream of HTTP/2, or its response', async () => {
    const instance = axios.create({ baseURL: await startHttp2(), ...http2, responseType: 'stream' });
    instance.interceptors.request.use(bearerToken(staticToken('token-0')));

    const outcome = await instance.get<Readable>('/orders');

    expect(leakIn(outcome, secret)).toBeUndefined();
    expect(outcome.data).not.toHaveProperty('session');
    expect(await text(outcome.data)).toBe('Bearer token-0');
  });
});

/** The request object of a response of axios, without an interceptor. */
async function sent(config: AxiosRequestConfig): Promise<Record<string, unknown>> {
  const { origin } = await startHttpServer(() => ({ body: 'done' }));
  const { request } = await axios.get<unknown>(origin, { headers, ...config });
  return request as Record<string, unknown>;
}

/** A server of HTTP/2 that answers with the `Authorization`; its origin. */
async function startHttp2(): Promise<string> {
  const server = createServer((request, response) => response.end(String(request.headers.authorization)));
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => void sessions.push(session));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
