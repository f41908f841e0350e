import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { expect, test } from '@jest/globals';

import { checkConnection, checkWay } from '../../../../../src/cli/commands/doctor/checks/connection.js';
import { commandContext } from '../../../../support/command.js';
import { listenTls } from '../../../../support/grant-tls.js';
import { startHttpServer } from '../../../../support/http-server.js';

const { signal } = new AbortController();
const options = { signal, exitCode: 4 };
const route = (host: string, port = 443) => ({ host, port, isProxied: false });

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a server that can be reached', async () => {
  const { origin } = await startHttpServer(() => ({}));
  const port = Number(new URL(origin).port);

  expect(await checkConnection(route('127.0.0.1', port), options)).toEqual([
    { verdict: 'good', what: `127.0.0.1 has the address 127.0.0.1 and takes connections at port ${port}` },
  ]);
});

test.each([
  ['ENOTFOUND', /check its spelling/],
  ['EAI_AGAIN', /check the DNS servers/],
])('found: a name without an address (%s)', async (code, advice) => {
  const lookup = () => Promise.reject(Object.assign(new Error('no'), { code }));

  expect(await checkConnection(route('auth.example.com'), { ...options, lookup })).toMatchObject([
    {
      verdict: 'bad',
      what: `the name auth.example.com has no address (${code})`,
      advice: expect.stringMatching(advice),
      exitCode: 4,
    },
  ]);
});

test('found: DNS that does not answer', async () => {
  const lookup = () => new Promise<never>(() => {});

  expect(await checkConnection(route('auth.example.com'), { ...options, lookup, timeoutMs: 1 })).toMatchObject([
    { verdict: 'bad', what: 'the name auth.example.com has no address (no answer in time)' },
  ]);
});

test('found: nothing listens', async () => {
  const port = await freePort();

  expect(await checkConnection(route('127.0.0.1', port), { ...options, exitCode: 6 })).toMatchObject([
    {
      verdict: 'bad',
      what: `127.0.0.1 (127.0.0.1) takes no connection at port ${port} (ECONNREFUSED)`,
      advice: expect.stringContaining('nothing listens at this port'),
      exitCode: 6,
    },
  ]);
});

test('found: the same of a proxy, which is named as one', async () => {
  const port = await freePort();

  const found = await checkConnection({ host: '127.0.0.1', port, isProxied: true }, options);

  expect(found).toMatchObject([
    { verdict: 'bad', what: expect.stringMatching(/^the proxy 127\.0\.0\.1 .*takes no connection/) },
  ]);
});

test('whoever gives up does not get a finding', async () => {
  const given = AbortSignal.abort(new Error('enough'));

  await expect(checkConnection(route('127.0.0.1'), { ...options, signal: given })).rejects.toThrow('enough');
});

test('the way to an https server ends with its certificate; TLS is not looked at where there is no connection', async () => {
  const port = await listenTls((_request, response) => response.end());
  const { context } = commandContext({ environment: { HTTPS_PROXY: 'http://127.0.0.1:1' } });

  const found = await checkWay(new URL(`https://localhost:${port}`), 4, context);
  const unconnected = await checkWay(new URL(`https://127.0.0.1:${await freePort()}`), 4, commandContext().context);

  expect(found.map(({ verdict }) => verdict)).toEqual(['doubtful', 'good', 'bad']);
  expect(found.at(-1)?.what).toContain('certificate');
  expect(unconnected).toHaveLength(1);
});
