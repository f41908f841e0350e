import tls, { type TLSSocket } from 'node:tls';

import { expect, test } from '@jest/globals';

import { clientCertificate } from '../../src/authentication/client-certificate.js';
import { tlsFetch } from '../../src/authentication/tls-fetch.js';
import { cleanUp } from '../support/clean-up.js';
import { clientCertificates } from '../support/client-certificates.js';
import { failureOf } from '../support/grant-outcome.js';
import { listenTls } from '../support/grant-tls.js';
import { ca, startTlsServer, thumbprints } from '../support/mutual-tls.js';

const { first } = clientCertificates;
const fetch = tlsFetch(clientCertificate(first.certificate, first.key, ca).secureContext);

test('sends method, headers and form with the certificate, and brings the answer', async () => {
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

test('sends bytes as they are', async () => {
  const { origin, requests } = await startTlsServer(() => ({ body: '' }));

  const response = await fetch(origin, { method: 'PUT', body: new Uint8Array([0xc3, 0xa9, 10]) });

  expect([response.status, response.statusText]).toEqual([200, 'OK']);
  expect(requests).toMatchObject([{ body: 'é\n', headers: { 'content-length': '3' } }]);
});

test('follows no redirect [A21]', async () => {
  const { origin, requests } = await startTlsServer(() => ({ status: 307, headers: { location: '/elsewhere' } }));

  const response = await fetch(`${origin}/token`, { method: 'POST', body: 'secret' });

  expect([response.status, response.headers.get('location')]).toEqual([307, '/elsewhere']);
  expect(requests).toHaveLength(1);
});

test.each([204, 205, 304])('brings a %d, which has no body', async (status) => {
  const { origin } = await startTlsServer(() => ({ status }));

  const response = await fetch(origin);

  expect([response.status, await response.text()]).toEqual([status, '']);
});

test('fails on a status that no Response has', async () => {
  const port = await listenTls((_request, response) => response.writeHead(600).end());

  const error = await failureOf(fetch(`https://localhost:${port}`));

  expect(error).toMatchObject({ name: 'RangeError' });
});

test('fails when the connection breaks, before the answer or within it [B2]', async () => {
  const port = await listenTls(({ url }, response) => {
    if (url === '/within') response.writeHead(200, { 'content-length': '10' }).write('half');
    setImmediate(() => response.socket?.destroy());
  });

  const before = await failureOf(fetch(`https://localhost:${port}/before`));
  const within = await failureOf(fetch(`https://localhost:${port}/within`).then((response) => response.text()));

  expect(before).toMatchObject({ code: 'ECONNRESET' });
  expect(String(within)).toMatch(/aborted|terminated/);
});

test('ends when its signal is aborted, before the answer or within it [B6]', async () => {
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
    message: 'http://127.0.0.1:1 is asked by http; a client certificate can be presented by https only',
  });
});

test('trusts no server but those that the authority has signed, under their name [R-28 B10]', async () => {
  const { origin, port } = await startTlsServer(() => ({ body: 'secret' }));
  const distrusting = tlsFetch(clientCertificate(first.certificate, first.key, undefined).secureContext);

  expect(await failureOf(distrusting(origin))).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  expect(await failureOf(fetch(`https://127.0.0.1:${port}`))).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('the usual fetch does not speak TLS 1.1 either [R-85]', async () => {
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  const ports = [await listenTls(() => undefined, old), await listenTls(() => undefined)];

  const errors = await Promise.all(ports.map((port) => failureOf(globalThis.fetch(`https://localhost:${port}`))));

  expect(errors).toMatchObject([
    { cause: { code: expect.stringMatching(/PROTOCOL/) } },
    // It comes as far as looking at the certificate.
    { cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
  ]);
});

test('speaks TLS 1.2 or newer only, even where Node was told to speak older ones [R-85]', async () => {
  const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
  cleanUp(() => Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS }));
  Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0' });
  const loaded = tlsFetch(clientCertificate(first.certificate, first.key, ca).secureContext);
  const speaks = async (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') => {
    let spoken: string | null = null;
    const port = await listenTls(
      ({ socket }, response) => {
        spoken = (socket as TLSSocket).getProtocol();
        response.end();
      },
      { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' },
    );
    await loaded(`https://localhost:${port}`).catch(() => undefined);
    return spoken;
  };

  expect(await speaks('TLSv1.1')).toBeNull();
  expect(await speaks('TLSv1.2')).toBe('TLSv1.2');
  expect(await speaks('TLSv1.3')).toBe('TLSv1.3');
});
