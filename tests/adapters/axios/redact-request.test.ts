import { Agent, get, type IncomingMessage } from 'node:http';

import { expect, test } from '@jest/globals';

import { sentRequest } from '../../../src/adapters/axios/redact-request.js';
import { leakIn } from '../../support/adapter-leak.js';
import { cleanUp } from '../../support/clean-up.js';
import { startHttpServer } from '../../support/http-server.js';

test('keeps what was asked of whom of Node’s request, and neither its headers nor its socket', async () => {
  const { origin } = await startHttpServer(() => ({ body: 'done' }));
  const agent = new Agent({ keepAlive: true });
  cleanUp(() => agent.destroy());
  const response = await new Promise<IncomingMessage>((resolve) => {
    get(`${origin}/orders?limit=1`, { agent, headers: { authorization: 'Bearer secret' } }, resolve);
  });
  const request = (response as IncomingMessage & { req: object }).req;
  expect(leakIn(request, /secret/)).toBeDefined();

  const sent = sentRequest(request);
  response.resume();

  expect(sent).toEqual({
    method: 'GET',
    protocol: 'http:',
    host: '127.0.0.1',
    path: '/orders?limit=1',
    res: { responseUrl: undefined },
  });
  expect(leakIn(sent, /secret/)).toBeUndefined();
});

test('keeps where redirects have led', () => {
  const first = { method: 'GET', protocol: 'https:', host: 'a.example', path: '/old' };
  const last = { method: 'GET', protocol: 'https:', host: 'a.example', path: '/new' };

  expect(sentRequest({ ...first, res: { responseUrl: 'https://a.example/new' } })).toMatchObject({
    res: { responseUrl: 'https://a.example/new' },
  });
  expect(sentRequest({ _currentRequest: last, _currentUrl: 'https://a.example/new' })).toEqual({
    ...last,
    res: { responseUrl: 'https://a.example/new' },
  });
});

test('keeps method and URL of a Request of the Fetch standard', () => {
  const request = new Request('https://a.example/orders', {
    method: 'PUT',
    headers: { authorization: 'Bearer secret' },
  });

  const sent = sentRequest(request);

  expect(sent).toMatchObject({ method: 'PUT', res: { responseUrl: 'https://a.example/orders' } });
  expect(leakIn(sent, /secret/)).toBeUndefined();
});

test('makes something of anything, and leaves it as it was', () => {
  const request = Object.freeze({ foreign: true });

  expect(sentRequest(request)).toEqual({
    method: undefined,
    protocol: undefined,
    host: undefined,
    path: undefined,
    res: { responseUrl: undefined },
  });
  expect(sentRequest(sentRequest({ method: 'GET', path: '/orders' }))).toMatchObject({
    method: 'GET',
    path: '/orders',
  });
});
