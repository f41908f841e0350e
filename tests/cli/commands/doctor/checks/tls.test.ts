import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { createServer } from 'node:tls';

import { expect, test } from '@jest/globals';

import { checkNoTls, checkTls } from '../../../../../src/cli/commands/doctor/checks/tls.js';
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

/** A server that accepts connections and stays silent. */
async function startSilent(): Promise<URL> {
  const listening = createPlainServer((socket) => cleanUp(() => socket.destroy()));
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  cleanUp(() => listening.close());
  return new URL(`https://127.0.0.1:${(listening.address() as AddressInfo).port}`);
}

const issued = (name: keyof typeof testCertificates) => ({ key: testKey, cert: testCertificates[name] });

test('passes a trusted certificate and reports its remaining validity', async () => {
  const url = await startTls(issued('good'), '127.0.0.1');

  expect(await checkTls(url, options)).toEqual([
    { verdict: 'pass', what: `${url.host} uses TLSv1.3; its certificate is trusted and valid for 93 y 22 d` },
  ]);
});

test('warns about a certificate that will expire soon', async () => {
  const url = await startTls(issued('good'));

  const found = await checkTls(url, { ...options, now: Date.UTC(2118, 11, 25) });

  expect(found).toMatchObject([{ verdict: 'warn', what: expect.stringMatching(/valid for 7 d$/) }]);
});

test.each<[string, { key: string; cert: string }, string, RegExp]>([
  ['has expired', issued('expired'), 'expired on Jan  1 00:00:00 2021 GMT (CERT_HAS_EXPIRED)', /to renew it/],
  ['is not valid yet', issued('future'), 'is valid only from Jan  1 00:00:00 2110 GMT (CERT_NOT_YET_VALID)', /clock/],
  [
    'is for another name',
    issued('other'),
    'is for another name (ERR_TLS_CERT_ALTNAME_INVALID)',
    /use a name of the certificate \(DNS:other.example\)/,
  ],
  [
    'is self-signed',
    localhostCertificate,
    'is not trusted: issued by "localhost" (DEPTH_ZERO_SELF_SIGNED_CERT)',
    /NODE_EXTRA_CA_CERTS/,
  ],
])('fails a certificate that %s [R-28 B12]', async (_, server, what, advice) => {
  const url = await startTls(server);

  expect(await checkTls(url, options)).toMatchObject([
    {
      verdict: 'fail',
      what: `the certificate of ${url.host} ${what}`,
      advice: expect.stringMatching(advice),
      exitCode: 4,
    },
  ]);
});

test('fails a certificate of an authority that is not trusted [B10]', async () => {
  const url = await startTls(issued('good'));

  const found = await checkTls(url, { ...options, ca: localhostCertificate.cert });

  expect(found).toMatchObject([
    {
      verdict: 'fail',
      what: `the certificate of ${url.host} was issued by "Test CA", which this machine does not trust (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
      advice: expect.stringContaining('for a private CA, or a proxy that terminates TLS, set NODE_EXTRA_CA_CERTS'),
    },
  ]);
});

test('warns about a bad certificate that Node.js accepts', async () => {
  const url = await startTls(issued('expired'));

  expect(await checkTls(url, { ...options, acceptsAnyCertificate: true })).toMatchObject([
    { verdict: 'warn', what: expect.stringMatching(/expired on .*\(CERT_HAS_EXPIRED\), but Node\.js accepts it$/) },
  ]);
});

test('fails an http URL whose port uses https [B12]', async () => {
  const { port } = await startTls(issued('good'));

  expect(await checkNoTls(new URL(`http://127.0.0.1:${port}/x`), options)).toMatchObject([
    {
      verdict: 'fail',
      what: `127.0.0.1:${port} uses https at this port, but the URL begins with http`,
      advice: `begin the URL with https: https://127.0.0.1:${port}/x`,
      exitCode: 4,
    },
  ]);
});

test('reports nothing about an http URL whose port speaks http or is silent', async () => {
  const { origin } = await startHttpServer(() => ({}));
  const silent = await startSilent();

  expect(await checkNoTls(new URL(origin), options)).toEqual([]);
  expect(await checkNoTls(new URL(`http://${silent.host}`), { ...options, timeoutMs: 20 })).toEqual([]);
});

test('fails a server without TLS [B12]', async () => {
  const { origin } = await startHttpServer(() => ({}));

  const found = await checkTls(new URL(origin.replace('http:', 'https:')), options);

  expect(found).toMatchObject([
    { verdict: 'fail', what: expect.stringContaining('does not use https at this port, but probably http') },
  ]);
});

test('fails a silent server', async () => {
  const silent = await startSilent();

  const found = await checkTls(silent, { ...options, timeoutMs: 20 });

  expect(found).toMatchObject([
    { verdict: 'fail', what: `${silent.host} does not complete a TLS handshake (timeout)`, exitCode: 4 },
  ]);
});

test('reports nothing after an abort', async () => {
  const url = await startTls(issued('good'));

  await expect(checkTls(url, { ...options, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});
