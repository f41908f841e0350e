import { expect, test } from '@jest/globals';

import { checkConnection, checkReachability } from '../../../../../src/cli/commands/doctor/checks/connection.js';
import { commandContext } from '../../../../support/command.js';
import { freePort } from '../../../../support/free-port.js';
import { listenTls } from '../../../../support/grant-tls.js';
import { startHttpServer } from '../../../../support/http-server.js';

const { signal } = new AbortController();
const options = { signal, exitCode: 4 };
const route = (host: string, port = 443) => ({ host, port, isProxied: false });

test('passes a reachable server', async () => {
  const { origin } = await startHttpServer(() => ({}));
  const port = Number(new URL(origin).port);

  expect(await checkConnection(route('127.0.0.1', port), options)).toEqual([
    { verdict: 'pass', what: `127.0.0.1 has the address 127.0.0.1 and accepts connections at port ${port}` },
  ]);
});

test.each([
  ['ENOTFOUND', /check the spelling/],
  ['EAI_AGAIN', /check the DNS servers/],
])('fails a name without an address (%s)', async (code, advice) => {
  const lookup = () => Promise.reject(Object.assign(new Error('no'), { code }));

  expect(await checkConnection(route('auth.example.com'), { ...options, lookup })).toMatchObject([
    {
      verdict: 'fail',
      what: `the name auth.example.com cannot be resolved (${code})`,
      advice: expect.stringMatching(advice),
      exitCode: 4,
    },
  ]);
});

test('fails if DNS does not respond', async () => {
  const lookup = () => new Promise<never>(() => {});

  expect(await checkConnection(route('auth.example.com'), { ...options, lookup, timeoutMs: 1 })).toMatchObject([
    { verdict: 'fail', what: 'the name auth.example.com cannot be resolved (timeout)' },
  ]);
});

test('fails a port without a listener', async () => {
  const port = await freePort();

  expect(await checkConnection(route('127.0.0.1', port), { ...options, exitCode: 6 })).toMatchObject([
    {
      verdict: 'fail',
      what: `127.0.0.1 (127.0.0.1) accepts no connection at port ${port} (ECONNREFUSED)`,
      advice: expect.stringContaining('no program listens at this port'),
      exitCode: 6,
    },
  ]);
});

test('names a proxy that is unreachable', async () => {
  const port = await freePort();

  const found = await checkConnection({ host: '127.0.0.1', port, isProxied: true }, options);

  expect(found).toMatchObject([
    { verdict: 'fail', what: expect.stringMatching(/^the proxy 127\.0\.0\.1 .*accepts no connection/) },
  ]);
});

test('reports nothing after an abort', async () => {
  const given = AbortSignal.abort(new Error('enough'));

  await expect(checkConnection(route('127.0.0.1'), { ...options, signal: given })).rejects.toThrow('enough');
});

test('accepts what NODE_TLS_REJECT_UNAUTHORIZED=0 makes Node.js accept, and warns', async () => {
  const port = await listenTls((_request, response) => response.end());
  const { context } = commandContext({ environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });

  const found = await checkReachability(new URL(`https://localhost:${port}`), 4, context);

  expect(found.map(({ verdict }) => verdict)).toEqual(['pass', 'warn', 'warn']);
  expect(found.at(-1)?.what).toBe(
    `NODE_TLS_REJECT_UNAUTHORIZED=0 makes Node.js accept any certificate of localhost:${port}`,
  );
});

test('checks TLS after the connection, and not without one', async () => {
  const port = await listenTls((_request, response) => response.end());
  const HTTPS_PROXY = 'http://127.0.0.1:1';
  const { context } = commandContext({
    environment: { HTTPS_PROXY },
    context: { proxyFor: async () => HTTPS_PROXY },
  });

  const found = await checkReachability(new URL(`https://localhost:${port}`), 4, context);
  const unconnected = await checkReachability(
    new URL(`https://127.0.0.1:${await freePort()}`),
    4,
    commandContext().context,
  );

  expect(found.map(({ verdict }) => verdict)).toEqual(['warn', 'pass', 'fail']);
  expect(found.at(-1)?.what).toContain('certificate');
  expect(unconnected).toHaveLength(1);
});

test('names two addresses of many', async () => {
  const { origin } = await startHttpServer(() => ({}));
  const lookup = async () => ['127.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map((address) => ({ address }));

  const [finding] = await checkConnection(route('127.0.0.1', Number(new URL(origin).port)), { ...options, lookup });

  expect(finding?.what).toContain('the address 127.0.0.1, 10.0.0.2 and 2 others and accepts');
});
