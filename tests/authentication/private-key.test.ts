import { generateKeyPair, hash, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import { importPrivateKey, type PrivateKey } from '../../src/authentication/private-key.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { localhostCertificate } from '../support/grant-certificate.js';
import { signingKey, type TestKey } from '../support/signing-keys.js';

const ec = await signingKey('ES256');
const rsa = await signingKey('RS256');
const edwards = await signingKey('EdDSA');
const rsaAlgorithms = ['PS256', 'RS256', 'PS384', 'RS384', 'PS512', 'RS512'];

const exported = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1'): string =>
  key.export({ type, format: 'pem' }).toString();

const curveName = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';

describe('a private key [F6]', () => {
  test.each<[string, PrivateKey, TestKey, readonly string[]]>([
    ['PKCS#8, EC', ec.pem, ec, ['ES256']],
    ['PKCS#8, RSA', rsa.pem, rsa, rsaAlgorithms],
    ['PKCS#8, Ed25519', edwards.pem, edwards, ['EdDSA', 'Ed25519']],
    ['PKCS#1', exported(rsa.privateKey, 'pkcs1'), rsa, rsaAlgorithms],
    ['SEC 1', exported(ec.privateKey, 'sec1'), ec, ['ES256']],
    ['SEC 1 after the name of its curve', curveName + exported(ec.privateKey, 'sec1'), ec, ['ES256']],
    ['PEM without a newline at its end', ec.pem.trimEnd(), ec, ['ES256']],
    ['PEM with the line ends of Windows', ec.pem.replaceAll('\n', '\r\n'), ec, ['ES256']],
    ['PEM with \\n for each newline', ec.pem.replaceAll('\n', String.raw`\n`), ec, ['ES256']],
    ['PEM with text before it', `Key of orders\n${ec.pem}`, ec, ['ES256']],
    ['JWK, EC', ec.privateJwk, ec, ['ES256']],
    ['JWK, RSA', rsa.privateJwk, rsa, rsaAlgorithms],
    ['JWK, Ed25519', edwards.privateJwk, edwards, ['EdDSA', 'Ed25519']],
    ['JWK with an algorithm', { ...rsa.privateJwk, alg: 'RS384' }, rsa, ['RS384']],
    ['JWK as JSON', JSON.stringify(ec.privateJwk), ec, ['ES256']],
    ['KeyObject', rsa.privateKey, rsa, rsaAlgorithms],
    ['CryptoKey for ECDSA', ec.cryptoKey, ec, ['ES256']],
    ['CryptoKey for Ed25519', edwards.cryptoKey, edwards, ['EdDSA', 'Ed25519']],
    ['CryptoKey for one RSA algorithm', rsa.cryptoKey, rsa, ['RS256']],
  ])('is accepted as %s', (_format, input, { publicKey }, algorithms) => {
    const imported = importPrivateKey(input);

    expect(imported.algorithms).toEqual(algorithms);
    expect(imported.thumbprint).toBe(hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'base64url'));
    expect(imported.key.type).toBe('private');
  });

  test.each([
    ['RSA-PSS', 'SHA-256', 'PS256'],
    ['RSA-PSS', 'SHA-512', 'PS512'],
    ['RSASSA-PKCS1-v1_5', 'SHA-384', 'RS384'],
  ])('of WebCrypto for %s with %s signs with %s only', async (name, digest, algorithm) => {
    const der = rsa.privateKey.export({ type: 'pkcs8', format: 'der' });
    const key = await webcrypto.subtle.importKey('pkcs8', der, { name, hash: digest }, false, ['sign']);

    expect(importPrivateKey(key).algorithms).toEqual([algorithm]);
  });

  test.each(['ES384', 'ES512'] as const)('on another curve signs with %s', async (algorithm) => {
    expect(importPrivateKey((await signingKey(algorithm)).pem).algorithms).toEqual([algorithm]);
  });

  test('brings the key id of a JWK along', () => {
    expect(importPrivateKey({ ...ec.privateJwk, kid: '2026-01' }).keyId).toBe('2026-01');
    expect(importPrivateKey(ec.pem).keyId).toBeUndefined();
  });

  test('has a thumbprint that is the same in every format and differs from key to key', async () => {
    const formats = [ec.pem, ec.privateJwk, ec.privateKey, ec.cryptoKey, exported(ec.privateKey, 'sec1')];

    expect(new Set(formats.map((format) => importPrivateKey(format).thumbprint)).size).toBe(1);
    expect(importPrivateKey((await signingKey()).pem).thumbprint).not.toBe(importPrivateKey(ec.pem).thumbprint);
  });
});

describe('what is no private key for assertions [F6]', () => {
  const encrypted = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const;

  test.each<[string, unknown, RegExp]>([
    ['encrypted PKCS#8', ec.privateKey.export({ type: 'pkcs8', ...encrypted }), /is encrypted; .*createPrivateKey/],
    ['encrypted SEC 1', ec.privateKey.export({ type: 'sec1', ...encrypted }), /is encrypted; .*passphrase/],
    ['a certificate', localhostCertificate.cert, /is none: it holds a certificate/],
    ['a public key', ec.publicKey.export({ type: 'spki', format: 'pem' }), /is none: it holds a public key/],
    ['a public KeyObject', ec.publicKey, /is a public key/],
    ['a public JWK', ec.publicJwk, /is a JWK without a private part/],
    ['a JWK of a secret', { kty: 'oct', k: 'c2VjcmV0' }, /is a JWK without a private part, or none/],
    ['no JWK', {}, /is a JWK without a private part, or none/],
    ['any text', 'open sesame', /is neither PEM \(PKCS#8, PKCS#1 or SEC 1\) nor a JWK/],
    ['half a PEM', ec.pem.slice(0, 80), /is neither PEM/],
    ['null', null, /is a JWK without a private part, or none/],
  ])('%s is a ConfigurationError that says so and shows nothing of it', (_what, input, message) => {
    const load = () => importPrivateKey(input as PrivateKey);

    expect(load).toThrow(ConfigurationError);
    expect(load).toThrow(message);
    expect(load).not.toThrow(/sesame|c2VjcmV0|MIG/);
  });

  test('an RSA key that is too short is refused [R-91]', async () => {
    const { pem } = await signingKey('a short RSA key');

    expect(() => importPrivateKey(pem)).toThrow('an RSA key needs 2048 bits at least (RFC 7518 §3.3), not 1024');
  });

  test.each([
    ['ec', { namedCurve: 'secp256k1' }, 'of the kind ec secp256k1'],
    ['x25519', {}, 'of the kind x25519'],
    ['rsa-pss', { modulusLength: 1_024 }, 'of the kind rsa-pss'],
  ] as const)('a key for %s %j is refused', async (type, options, message) => {
    const generate = promisify(generateKeyPair) as (
      type: string,
      options: object,
    ) => Promise<{ privateKey: KeyObject }>;
    const { privateKey } = await generate(type, options);

    expect(() => importPrivateKey(privateKey)).toThrow(message);
  });

  test('a JWK for another algorithm than it can sign with is refused [R-48]', () => {
    expect(() => importPrivateKey({ ...ec.privateJwk, alg: 'RS256' })).toThrow(
      'says that it is for something else than signing with ES256',
    );
  });

  test('a CryptoKey that is not for signing is refused', async () => {
    const der = ec.privateKey.export({ type: 'pkcs8', format: 'der' });
    const agreement = { name: 'ECDH', namedCurve: 'P-256' };
    const key = await webcrypto.subtle.importKey('pkcs8', der, agreement, true, ['deriveBits']);

    expect(() => importPrivateKey(key)).toThrow('something else than signing');
  });
});
