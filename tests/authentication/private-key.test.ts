import { generateKeyPair, hash, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import { authenticatorOf } from '../../src/authentication/client-authentication.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import type { PrivateKey } from '../../src/authentication/private-key.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { localhostCertificate } from '../support/grant-certificate.js';
import { signingKey, type TestKey } from '../support/signing-keys.js';

const ec = await signingKey('ES256');
const rsa = await signingKey('RS256');
const edwards = await signingKey('EdDSA');
const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const allAlgorithms = [...rsaAlgorithms, 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

/** The algorithms that a key can sign with. */
const algorithmsOf = (key: PrivateKey): readonly string[] =>
  allAlgorithms.filter((algorithm) => {
    try {
      return privateKeyJwt({ key, algorithm });
    } catch {
      return false;
    }
  });

/** The fingerprint of a key that can be rotated. */
const fingerprintOf = (key: PrivateKey): Promise<string> =>
  authenticatorOf(privateKeyJwt({ key: () => key })).fingerprint();

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
  ])('is accepted as %s', async (_format, input, { publicKey }, algorithms) => {
    const digest = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'base64url');

    expect(algorithmsOf(input)).toEqual(algorithms);
    expect(await fingerprintOf(input)).toBe(digest);
  });

  test.each([
    ['RSA-PSS', 'SHA-256', 'PS256'],
    ['RSA-PSS', 'SHA-512', 'PS512'],
    ['RSASSA-PKCS1-v1_5', 'SHA-384', 'RS384'],
  ])('of WebCrypto for %s with %s signs with %s only', async (name, digest, algorithm) => {
    const der = rsa.privateKey.export({ type: 'pkcs8', format: 'der' });
    const key = await webcrypto.subtle.importKey('pkcs8', der, { name, hash: digest }, false, ['sign']);

    expect(algorithmsOf(key)).toEqual([algorithm]);
  });

  test.each(['ES384', 'ES512'] as const)('on another curve signs with %s', async (algorithm) => {
    expect(algorithmsOf((await signingKey(algorithm)).pem)).toEqual([algorithm]);
  });

  test('has a fingerprint that is the same in every format and differs from key to key', async () => {
    const formats = [ec.pem, ec.privateJwk, ec.privateKey, ec.cryptoKey, exported(ec.privateKey, 'sec1')];
    const fingerprints = await Promise.all(formats.map(fingerprintOf));

    expect(new Set(fingerprints).size).toBe(1);
    expect(await fingerprintOf((await signingKey()).pem)).not.toBe(fingerprints[0]);
  });
});

describe('a key that cannot sign client assertions [F6]', () => {
  const encrypted = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const;

  test.each<[string, unknown, RegExp]>([
    ['encrypted PKCS#8', ec.privateKey.export({ type: 'pkcs8', ...encrypted }), /is encrypted; .*createPrivateKey/],
    ['encrypted SEC 1', ec.privateKey.export({ type: 'sec1', ...encrypted }), /is encrypted; .*passphrase/],
    ['a certificate', localhostCertificate.cert, /the private key is a certificate/],
    ['a public key', ec.publicKey.export({ type: 'spki', format: 'pem' }), /the private key is a public key/],
    ['a public KeyObject', ec.publicKey, /is a public key/],
    ['a public JWK', ec.publicJwk, /is a JWK without a private part/],
    ['a JWK of a secret', { kty: 'oct', k: 'c2VjcmV0' }, /is a JWK without a private part or of an unknown type/],
    ['no JWK', {}, /is a JWK without a private part or of an unknown type/],
    ['any text', 'open sesame', /is neither PEM \(PKCS#8, PKCS#1 or SEC 1\) nor a JWK/],
    ['half a PEM', ec.pem.slice(0, 80), /is neither PEM/],
  ])('is named and not shown if it is %s', (_what, input, message) => {
    const make = () => privateKeyJwt({ key: input as PrivateKey });

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
    expect(make).not.toThrow(/sesame|c2VjcmV0|MIG/);
  });

  test('is rejected if it is a short RSA key [R-91]', async () => {
    const { pem } = await signingKey('a short RSA key');
    const make = () => privateKeyJwt({ key: pem });

    expect(make).toThrow('an RSA key needs at least 2048 bits (RFC 7518 §3.3), not 1024');
  });

  test.each([
    ['ec', { namedCurve: 'secp256k1' }, 'of the type ec secp256k1'],
    ['x25519', {}, 'of the type x25519'],
    ['rsa-pss', { modulusLength: 1_024 }, 'of the type rsa-pss'],
  ] as const)('is rejected if it is for %s %j', async (type, options, message) => {
    const generate = promisify(generateKeyPair) as (
      type: string,
      options: object,
    ) => Promise<{ privateKey: KeyObject }>;
    const { privateKey } = await generate(type, options);

    expect(() => privateKeyJwt({ key: privateKey })).toThrow(message);
  });

  test('is rejected if it is a JWK for an algorithm that does not fit it [R-48]', () => {
    const make = () => privateKeyJwt({ key: { ...ec.privateJwk, alg: 'RS256' } });

    expect(make).toThrow('the "alg" or the usages of the private key do not allow signing with ES256');
  });

  test('is rejected if it is a CryptoKey that must not sign', async () => {
    const der = ec.privateKey.export({ type: 'pkcs8', format: 'der' });
    const agreement = { name: 'ECDH', namedCurve: 'P-256' };
    const key = await webcrypto.subtle.importKey('pkcs8', der, agreement, true, ['deriveBits']);

    expect(() => privateKeyJwt({ key })).toThrow('do not allow signing');
  });
});
