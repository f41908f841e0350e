import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { createServer } from 'node:tls';

import { expect, test } from '@jest/globals';

import { checkTls } from '../../../../../src/cli/commands/doctor/checks/tls.js';
import { testAuthority, testCertificates, testKey } from '../../../../support/certificates.js';
import { cleanUp } from '../../../../support/clean-up.js';
import { localhostCertificate } from '../../../../support/grant-certificate.js';
import { startHttpServer } from '../../../../support/http-server.js';

const { signal } = new AbortController();
const options = { signal, exitCode: 4, ca: testAuthority, now: Date.UTC(2026, 0, 1) };

/** A TLS server with one of the certificates. */
async function startTls(server: { key: string; cert: string }, host = 'localhost'): Promise<URL> {
  const listening = createServer({ ...server });
  listening.on('tlsClientError', () => {});
  listening.on('secureConnection', (socket) => socket.on('error', () => {}).end());
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  cleanUp(() => new Promise((resolve) => listening.close(resolve)));
  return new URL(`https://${host}:${(listening.address() as AddressInfo).port}`);
}

/** A server that takes connections, and nothing else. */
async function startSilent(): Promise<URL> {
  const listening = createPlainServer((socket) => cleanUp(() => socket.destroy()));
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  cleanUp(() => listening.close());
  return new URL(`https://127.0.0.1:${(listening.address() as AddressInfo).port}`);
}

const issued = (name: keyof typeof testCertificates) => ({ key: testKey, cert: testCertificates[name] });

test('a certificate that is trusted, and for how long', async () => {
  const url = await startTls(issued('good'), '127.0.0.1');

  expect(await checkTls(url, options)).toEqual([
    { verdict: 'good', what: `${url.host} speaks TLSv1.3; its certificate is trusted and valid for 93 y 22 d` },
  ]);
});

test('found: one that will expire soon', async () => {
  const url = await startTls(issued('good'));

  const found = await checkTls(url, { ...options, now: Date.UTC(2118, 11, 25) });

  expect(found).toMatchObject([{ verdict: 'doubtful', what: expect.stringMatching(/valid for 7 d$/) }]);
});

test.each<[string, { key: string; cert: string }, string, RegExp]>([
  [
    'one that has expired',
    issued('expired'),
    'expired on Jan  1 00:00:00 2021 GMT (CERT_HAS_EXPIRED)',
    /must renew it/,
  ],
  [
    'one that is not valid yet',
    issued('future'),
    'is valid only from Jan  1 00:00:00 2110 GMT (CERT_NOT_YET_VALID)',
    /clock/,
  ],
  ['one for another name', issued('other'), 'is for another name (ERR_TLS_CERT_ALTNAME_INVALID)', /use the name/],
  [
    'one that signed itself',
    localhostCertificate,
    'is not trusted: issued by "localhost" (DEPTH_ZERO_SELF_SIGNED_CERT)',
    /NODE_EXTRA_CA_CERTS/,
  ],
])('found: %s [R-28]', async (_, server, what, advice) => {
  const url = await startTls(server);

  expect(await checkTls(url, options)).toMatchObject([
    {
      verdict: 'bad',
      what: `the certificate of ${url.host} ${what}`,
      advice: expect.stringMatching(advice),
      exitCode: 4,
    },
  ]);
});

test('found: one of an authority that is not trusted here [B10]', async () => {
  const url = await startTls(issued('good'));

  const found = await checkTls(url, { ...options, ca: localhostCertificate.cert });

  expect(found).toMatchObject([
    {
      verdict: 'bad',
      what: `the certificate of ${url.host} was issued by "Test CA", which is not trusted here (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
      advice: expect.stringContaining('for a private CA, or a proxy that looks into TLS, set NODE_EXTRA_CA_CERTS'),
    },
  ]);
});

test('found: a server that speaks no TLS', async () => {
  const { origin } = await startHttpServer(() => ({}));

  const found = await checkTls(new URL(origin.replace('http:', 'https:')), options);

  expect(found).toMatchObject([{ verdict: 'bad', what: expect.stringContaining('does not complete a TLS handshake') }]);
});

test('found: a server that says nothing', async () => {
  const silent = await startSilent();

  const found = await checkTls(silent, { ...options, timeoutMs: 20 });

  expect(found).toMatchObject([
    { verdict: 'bad', what: `${silent.host} does not complete a TLS handshake (no answer in time)`, exitCode: 4 },
  ]);
});

test('whoever gives up does not get a finding', async () => {
  const url = await startTls(issued('good'));

  await expect(checkTls(url, { ...options, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});
