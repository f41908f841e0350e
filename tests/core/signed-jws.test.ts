import { webcrypto } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import { compactVerify } from 'jose';

import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import { checkSigner, type Signer } from '../../src/core/signer.js';
import { signedJws } from '../../src/core/signed-jws.js';
import { failureOf } from '../support/grant-outcome.js';
import { signBytes, type SignerAlgorithm, testSigner } from '../support/signers.js';

const ec = await testSigner('ES256');
const rsa = await testSigner('RS256');
const es384 = await testSigner('ES384');
const cryptoKey = await webcrypto.subtle.importKey(
  'spki',
  ec.publicKey.export({ type: 'spki', format: 'der' }),
  { name: 'ECDSA', namedCurve: 'P-256' },
  true,
  ['verify'],
);
const claims = { sub: 'orders' };

/** The error of one signature. */
const failure = (changes: Partial<Signer>, signal?: AbortSignal) =>
  failureOf(signedJws({}, claims, { signer: { ...ec, ...changes }, signal }));

describe('a JWS of a remote signer [F1 R-62]', () => {
  test.each<[SignerAlgorithm, 'der' | 'ieee-p1363']>([
    ['RS256', 'der'],
    ['PS256', 'der'],
    ['PS384', 'der'],
    ['ES256', 'der'],
    ['ES256', 'ieee-p1363'],
    ['ES384', 'der'],
    ['ES384', 'ieee-p1363'],
    ['ES512', 'der'],
    ['ES512', 'ieee-p1363'],
    ['EdDSA', 'der'],
    ['Ed25519', 'der'],
  ])('is valid for %s, with ECDSA signatures as %s', async (algorithm, form) => {
    const signer = await testSigner(algorithm, form);
    const { publicKey } = signer;

    // Integers of DER have one to three bytes fewer from time to time, so several signatures are made.
    for (let count = 0; count < 40; count += 1) {
      const jws = await signedJws({ typ: 'a' }, claims, { signer, publicKey });
      const { protectedHeader, payload } = await compactVerify(jws, publicKey);

      expect(protectedHeader).toEqual({ alg: algorithm, typ: 'a' });
      expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(claims);
    }
  });

  test('has data of its own, for a signer that reads the memory behind them', async () => {
    const signer = await testSigner();

    const jws = await signedJws({}, claims, { signer });

    const [data = new Uint8Array()] = signer.signed;
    expect(new TextDecoder().decode(data.buffer as ArrayBuffer)).toBe(jws.split('.').slice(0, 2).join('.'));
  });

  test('is signed by a method that uses `this`', async () => {
    class Service implements Signer {
      readonly algorithm = 'ES256';
      readonly keyId = 'a';
      readonly #key = ec.privateKey;
      async sign(data: Uint8Array): Promise<Uint8Array> {
        return signBytes(data, { key: this.#key, algorithm: this.algorithm });
      }
    }

    const jws = await signedJws({}, claims, { signer: new Service(), publicKey: ec.publicKey });

    await expect(compactVerify(jws, ec.publicKey)).resolves.toBeDefined();
  });
});

const der = (...integers: readonly (readonly number[])[]): Uint8Array => {
  const body = integers.flatMap((each) => [0x02, each.length, ...each]);
  return Uint8Array.from([0x30, body.length, ...body]);
};
const r = [1, ...Array.from({ length: 31 }, () => 7)];

describe('a malformed signature is an error of its own, which names the signer [B2]', () => {
  test.each<[string, SignerAlgorithm, unknown]>([
    ['no bytes', 'ES256', new Uint8Array()],
    ['one byte too few', 'ES256', new Uint8Array(63).fill(1)],
    ['one byte too many', 'ES256', new Uint8Array(65).fill(1)],
    ['r and s of another curve', 'ES256', new Uint8Array(96).fill(1)],
    ['zeros', 'ES256', new Uint8Array(64)],
    ['r of zero', 'ES256', new Uint8Array(64).fill(1, 32)],
    ['DER with one integer', 'ES256', der(r)],
    ['DER with three integers', 'ES256', der(r, r, r)],
    ['DER with an integer of zero', 'ES256', der([0], r)],
    ['DER with a negative integer', 'ES256', der([0x80, ...r.slice(1)], r)],
    ['DER with an integer that is too long', 'ES256', der([1, ...r], r)],
    ['DER with an empty integer', 'ES256', der([], r)],
    ['DER that is truncated', 'ES256', der(r, r).subarray(0, -1)],
    ['DER with a byte after it', 'ES256', Uint8Array.from([...der(r, r), 0])],
    ['DER of another type', 'ES256', der(r, r).with(0, 0x31)],
    ['DER with a length that is not the shortest', 'ES256', Uint8Array.from([0x30, 0x81, ...der(r, r).subarray(1)])],
    ['DER of another curve', 'ES256', signBytes(new Uint8Array(1), { key: es384.privateKey, algorithm: 'ES384' })],
    ['63 bytes', 'EdDSA', new Uint8Array(63).fill(1)],
    ['the length of an RSA key with 1024 bits', 'PS256', new Uint8Array(128).fill(1)],
    ['a text', 'ES256', 'AAAA'],
    ['nothing', 'ES256', undefined],
    ['an ArrayBuffer', 'ES256', new ArrayBuffer(64)],
  ])('%s', async (_what, algorithm, signature) => {
    const error = await failure({ algorithm, sign: async () => signature as Uint8Array });

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({
      retryable: false,
      message: expect.stringMatching(
        /^the signer of the key "orders-2026" (returned \d+ bytes that are no|did not return)/,
      ),
    });
  });

  test.each([
    [
      'of another key',
      async (data: Uint8Array) => signBytes(data, { key: (await testSigner()).privateKey, algorithm: 'ES256' }),
    ],
    ['of other data', async () => signBytes(new Uint8Array(1), { key: ec.privateKey, algorithm: 'ES256' })],
    ['with another digest', async (data: Uint8Array) => signBytes(data, { key: ec.privateKey, algorithm: 'ES384' })],
  ])('a signature %s, if the public key is known', async (_what, sign) => {
    const signing = signedJws({}, claims, { signer: { ...ec, sign }, publicKey: ec.publicKey });

    expect(await failureOf(signing)).toMatchObject({
      code: 'ERR_GRANT_UNAVAILABLE',
      retryable: false,
      message: expect.stringContaining(
        'the signer of the key "orders-2026" returned a signature that its public key does not verify',
      ),
    });
  });
});

describe('a signer that does not sign is an error of its own [B2]', () => {
  test.each<[string, Signer['sign']]>([
    ['rejects', async () => Promise.reject(new Error('key is disabled'))],
    [
      'throws',
      () => {
        throw new Error('key is disabled');
      },
    ],
  ])('if it %s', async (_what, sign) => {
    expect(await failure({ sign })).toMatchObject({
      name: 'GrantUnavailableError',
      retryable: true,
      message: 'the signer of the key "orders-2026" failed; see "cause"',
      cause: { message: 'key is disabled' },
    });
  });

  test('if it hangs', async () => {
    expect(await failure({ sign: () => new Promise(() => {}), timeoutMs: 10 })).toMatchObject({
      name: 'GrantUnavailableError',
      retryable: true,
      message: 'the signer of the key "orders-2026" did not sign in time',
    });
  });

  test('but not if the caller gives up', async () => {
    const given = new AbortController();
    const failing = failure({ sign: () => new Promise(() => {}) }, given.signal);
    given.abort(new Error('given up'));

    expect(await failing).toEqual(new Error('given up'));
  });

  test('that stays a configuration error if the signer throws one', async () => {
    const wrong = new ConfigurationError('the token service of the signer is wrong');

    expect(await failure({ sign: () => Promise.reject(wrong) })).toBe(wrong);
  });
});

describe('a signer is checked when it is given [F6]', () => {
  test.each<[object, string]>([
    [{ algorithm: undefined }, '"algorithm" of the "signer" of dpop must be "RS256" or'],
    [{ algorithm: 'HS256' }, '"algorithm" of the "signer" of dpop must be "RS256" or'],
    [{ keyId: '' }, '"keyId" of the "signer" of dpop must be a non-empty string'],
    [{ sign: undefined }, '"sign" of the "signer" of dpop must be a function'],
    [{ timeoutMs: 0 }, '"timeoutMs" of the "signer" of dpop must be a number of milliseconds'],
    [{ publicKey: 'a' }, '"publicKey" of the "signer" of dpop must be a public key: PEM, a JWK, or a key object'],
    [{ publicKey: null }, '"publicKey" of the "signer" of dpop must be a public key'],
    [{ publicKey: ec.privateKey }, '"publicKey" of the "signer" of dpop must be a public key'],
    [
      { publicKey: ec.privateKey.export({ type: 'pkcs8', format: 'pem' }) },
      '"publicKey" of the "signer" of dpop must be',
    ],
    [
      { publicKey: ec.privateKey.export({ format: 'jwk' }) },
      '"publicKey" of the "signer" of dpop must be a public key',
    ],
    [{ publicKey: rsa.publicKey }, '"publicKey" of the "signer" of dpop is for PS256 or RS256 or PS384'],
  ])('%#', (changes, message) => {
    const check = () => checkSigner('dpop', { ...ec, ...changes });

    expect(check).toThrow(ConfigurationError);
    expect(check).toThrow(message);
  });

  test.each([
    ['PEM', ec.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['a JWK', ec.publicKey.export({ format: 'jwk' })],
    ['a KeyObject', ec.publicKey],
    ['a CryptoKey', cryptoKey],
  ])('and its public key may be %s', (_what, publicKey) => {
    expect(checkSigner('dpop', { ...ec, publicKey })?.equals(ec.publicKey)).toBe(true);
  });
});
