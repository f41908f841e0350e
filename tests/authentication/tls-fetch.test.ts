import tls, { type TLSSocket } from 'node:tls';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { expect, test } from '@jest/globals';

import { authenticatorOf } from '../../src/authentication/client-authentication.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { cleanUp } from '../support/clean-up.js';
import { clientCertificates } from '../support/client-certificates.js';
import { failureOf } from '../support/grant-outcome.js';
import { listenTls } from '../support/grant-tls.js';
import { ca, startTlsServer, thumbprints } from '../support/mutual-tls.js';

const { first } = clientCertificates;

/** The `fetch` of mutual TLS, with the certificates of this authority as trusted ones. */
async function fetchTrusting(authority?: string): Promise<typeof globalThis.fetch> {
  const prepared = await authenticatorOf(mutualTls({ ...first, ca: authority })).prepare('orders', {
    issuer: 'https://auth.example',
  });
  return prepared.fetch as typeof globalThis.fetch;
}

const fetch = await fetchTrusting(ca);

test('sends method, headers and form with the certificate, and returns the response', async () => {
  const { origin, requests } = await startTlsServer(() => ({
    status: 201,
    headers: { 'x-several': ['one', 'two'] },
    body: { answer: 'naïve-密' },
  }));

  const response = await fetch(`${origin}/token?a=b`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8', accept: 'application/json' },
    body: new URLSearchParams({ scope: 'a b é' }),
  });

  expect({ status: response.status, several: response.headers.get('x-several') }).toEqual({ status: 201, several: 'one, two' }); // prettier-ignore
  expect(await response.json()).toEqual({ answer: 'naïve-密' });
  expect(requests).toMatchObject([
    {
      method: 'POST',
      path: '/token?a=b',
      headers: { accept: 'application/json', 'content-length': '16' },
      body: 'scope=a+b+%C3%A9',
      thumbprint: thumbprints.first,
    },
  ]);
});

test('sends bytes unchanged', async () => {
  const { origin, requests } = await startTlsServer(() => ({ body: '' }));

  const response = await fetch(origin, { method: 'PUT', body: new Uint8Array([0xc3, 0xa9, 10]) });

  expect([response.status, response.statusText]).toEqual([200, 'OK']);
  expect(requests).toMatchObject([{ body: 'é\n', headers: { 'content-length': '3' } }]);
});

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['identity', (text: string) => Buffer.from(text)],
  ['gzip, br', (text: string) => brotliCompressSync(gzipSync(text))],
])('decodes a body with the content coding %s [A44]', async (coding, encode) => {
  const { origin } = await startTlsServer(() => ({
    headers: { 'content-encoding': coding },
    body: encode('naïve-密'),
  }));

  const response = await fetch(origin);

  expect(await response.text()).toBe('naïve-密');
});

test('asks for no content coding that it does not decode [A44]', async () => {
  const { origin, requests } = await startTlsServer(() => ({ body: '' }));

  await fetch(origin);
  await fetch(origin, { headers: { 'Accept-Encoding': 'identity' } });

  expect(requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['gzip, deflate, br', 'identity']);
});

test('fails on a body that is not of its content coding, or is cut off [A44]', async () => {
  const bodies = [Buffer.from('plain'), gzipSync('text').subarray(0, 15)];
  const { origin } = await startTlsServer(() => ({
    headers: { 'content-encoding': 'gzip' },
    body: bodies.shift() ?? '',
  }));

  const errors = [await failureOf(textOf(origin)), await failureOf(textOf(origin))];

  expect(errors).toMatchObject([{ code: 'Z_DATA_ERROR' }, { code: 'Z_BUF_ERROR' }]);
});

test.each([
  ['a HEAD', 200, 'HEAD', 'gzip'],
  ['a 204', 204, 'GET', 'gzip'],
  ['an unknown coding', 200, 'GET', 'zstd'],
  ['more codings than any server uses', 200, 'GET', Array(6).fill('gzip').join(',')],
])('leaves the body of %s as it is [A44]', async (_what, status, method, coding) => {
  const { origin } = await startTlsServer(() => ({
    status,
    headers: { 'content-encoding': coding },
    body: 'as it is',
  }));

  const response = await fetch(origin, { method });

  expect(await response.text()).toBe(coding === 'gzip' ? '' : 'as it is');
});

const textOf = (url: string): Promise<string> => fetch(url).then((response) => response.text());

test('follows no redirect [A21]', async () => {
  const { origin, requests } = await startTlsServer(() => ({ status: 307, headers: { location: '/elsewhere' } }));

  const response = await fetch(`${origin}/token`, { method: 'POST', body: 'secret' });

  expect([response.status, response.headers.get('location')]).toEqual([307, '/elsewhere']);
  expect(requests).toHaveLength(1);
});

test.each([204, 205, 304])('returns a %d, which has no body', async (status) => {
  const { origin } = await startTlsServer(() => ({ status }));

  const response = await fetch(origin);

  expect([response.status, await response.text()]).toEqual([status, '']);
});

test('fails on a status that a Response cannot have', async () => {
  const port = await listenTls((_request, response) => response.writeHead(600).end());

  const error = await failureOf(fetch(`https://localhost:${port}`));

  expect(error).toMatchObject({ name: 'RangeError' });
});

test('fails if the connection breaks, before the response or within it [B2]', async () => {
  const port = await listenTls(({ url }, response) => {
    if (url === '/within') response.writeHead(200, { 'content-length': '10' }).write('half');
    setImmediate(() => response.socket?.destroy());
  });

  const before = await failureOf(fetch(`https://localhost:${port}/before`));
  const within = await failureOf(fetch(`https://localhost:${port}/within`).then((response) => response.text()));

  expect(before).toMatchObject({ code: 'ECONNRESET' });
  expect(String(within)).toMatch(/aborted|terminated/);
});

test('ends when its signal is aborted, before the response or within it [B6]', async () => {
  const reached: (() => void)[] = [];
  const port = await listenTls(({ url }, response) => {
    if (url === '/within') response.writeHead(200).write('half');
    reached.shift()?.();
  });
  const abortedAt = async (path: string) => {
    const controller = new AbortController();
    const there = new Promise<void>((resolve) => reached.push(resolve));
    const answer = fetch(`https://localhost:${port}${path}`, { signal: controller.signal });
    const outcome = failureOf(answer.then((response) => response.text()));
    await (path === '/within' ? answer : there);
    controller.abort();
    return outcome;
  };

  expect(await abortedAt('/before')).toMatchObject({ name: 'AbortError' });
  expect(await abortedAt('/within')).toBeDefined();
});

test('presents nothing over http [R-27]', async () => {
  const error = await failureOf(fetch('http://127.0.0.1:1/token'));

  expect(error).toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: 'a client certificate cannot be presented to http://127.0.0.1:1: it requires https',
  });
});

test('trusts only servers that the authority has signed, under their own name [R-28 B10]', async () => {
  const { origin, port } = await startTlsServer(() => ({ body: 'secret' }));
  const distrusting = await fetchTrusting();

  expect(await failureOf(distrusting(origin))).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  expect(await failureOf(fetch(`https://127.0.0.1:${port}`))).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('the global fetch does not accept TLS 1.1 either [R-85]', async () => {
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  const ports = [await listenTls(() => undefined, old), await listenTls(() => undefined)];

  const errors = await Promise.all(ports.map((port) => failureOf(globalThis.fetch(`https://localhost:${port}`))));

  expect(errors).toMatchObject([
    { cause: { code: expect.stringMatching(/PROTOCOL/) } },
    // With a newer version it gets as far as the certificate.
    { cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
  ]);
});

test('requires TLS 1.2, even if Node.js is configured to accept older versions [R-85]', async () => {
  const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
  cleanUp(() => Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS }));
  Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0' });
  const configured = await fetchTrusting(ca);
  const speaks = async (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') => {
    let spoken: string | null = null;
    const port = await listenTls(
      ({ socket }, response) => {
        spoken = (socket as TLSSocket).getProtocol();
        response.end();
      },
      { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' },
    );
    await configured(`https://localhost:${port}`).catch(() => undefined);
    return spoken;
  };

  expect(await speaks('TLSv1.1')).toBeNull();
  expect(await speaks('TLSv1.2')).toBe('TLSv1.2');
  expect(await speaks('TLSv1.3')).toBe('TLSv1.3');
});
