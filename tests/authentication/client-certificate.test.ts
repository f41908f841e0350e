import { createPrivateKey } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import { authenticatorOf } from '../../src/authentication/client-authentication.js';
import type { ClientCertificateOptions } from '../../src/authentication/client-certificate.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import { clientCertificates } from '../support/client-certificates.js';
import { failureOf, linesThatShow } from '../support/grant-outcome.js';
import { thumbprints } from '../support/mutual-tls.js';

const { first, renewed, authority } = clientCertificates;
const sec1 = createPrivateKey(first.key).export({ type: 'sec1', format: 'pem' }).toString();

const prepare = (options: ClientCertificateOptions) =>
  authenticatorOf(mutualTls(options)).prepare('orders', { issuer: 'https://auth.example' });

test.each([
  ['with its key in PKCS#8', first.certificate, first.key],
  ['with its key in SEC 1', first.certificate, sec1],
  ['before the one that signed it', first.certificate + authority, first.key],
])('a certificate %s has its thumbprint and subject, and does not show the key', async (_what, certificate, key) => {
  const prepared = await prepare({ certificate, key });

  expect(prepared).toMatchObject({
    certificateThumbprint: thumbprints.first,
    hint: expect.stringContaining('the certificate of O=Example, CN=orders'),
  });
  expect(linesThatShow(first.key.slice(40, 80), prepared)).toEqual([]);
});

describe('a certificate without a matching key [F6]', () => {
  const encrypted = createPrivateKey(first.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
    .toString();

  test.each([
    ['another key', first.certificate, renewed.key, 'the private key does not belong to the client certificate'],
    ['an encrypted key', first.certificate, encrypted, 'the private key is encrypted'],
    ['two certificates', first.certificate, renewed.certificate, 'the private key is a certificate'],
    ['two keys', first.key, first.key, 'the client certificate is not a certificate in PEM'],
    [
      'half a certificate',
      first.certificate.slice(0, 90),
      first.key,
      'the client certificate is not a certificate in PEM',
    ],
  ])('is rejected: %s', async (_what, certificate, key, message) => {
    expect(() => mutualTls({ certificate, key })).toThrow(ConfigurationError);
    expect(() => mutualTls({ certificate, key })).toThrow(message);

    // Files may be read while they are being replaced, so the error is retryable.
    const error = await failureOf(prepare({ certificate: () => certificate, key: () => key }));
    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(String(error)).toContain(message);
  });

  test.each([
    ['the client certificate', () => Promise.reject(new Error('gone')), () => first.key],
    ['the private key', () => first.certificate, () => Promise.reject(new Error('gone'))],
  ])('is named if it cannot be read: %s', async (what, certificate, key) => {
    expect(await failureOf(prepare({ certificate, key }))).toMatchObject({
      message: expect.stringContaining(`${what} could not be read`),
      cause: { message: 'gone' },
    });
  });
});
