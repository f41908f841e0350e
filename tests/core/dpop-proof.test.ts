import { webcrypto } from 'node:crypto';

import { expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';

import { dpopProofs } from '../../src/core/dpop-proof.js';
import { AccessToken } from '../../src/core/access-token.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { verifyProof } from '../support/dpop-proof.js';

// The access token of RFC 9449 §7.1 and its hash.
const value = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
const hash = 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo';

const origin = 'https://resource.example.org';
const request = { method: 'GET', origin, url: `${origin}/protectedresource` };

async function boundToken(): Promise<AccessToken> {
  const keyPair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  return new AccessToken({ value, type: 'DPoP', keyPair, issuedAt: 0, expiresAt: Infinity });
}

test('a proof has all members, as in RFC 9449 §4.2 and §7.1, and is signed by the key it names [R-66 R-69]', async () => {
  const token = await boundToken();

  const proof = await dpopProofs().prove(token, request);

  expect(decodeProtectedHeader(proof)).toEqual({
    typ: 'dpop+jwt',
    alg: 'ES256',
    jwk: { kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String) },
  });
  expect(decodeJwt(proof)).toEqual({
    jti: expect.stringMatching(/.{16,}/),
    htm: 'GET',
    htu: 'https://resource.example.org/protectedresource',
    iat: expect.closeTo(Date.now() / 1000, -1),
    ath: hash,
  });
  const headers = { dpop: proof, authorization: token.authorization };
  await verifyProof({ method: 'GET', path: '/protectedresource', headers, body: '' }, origin);
});

test.each([
  ['/a?b=c#d', '/a'],
  ['?b=c', '/'],
  ['', '/'],
  ['/a/../b%20c/ä', '/b%20c/%C3%A4'],
  ['/v1/orders-2024/a.b~c_d/?e#f', '/v1/orders-2024/a.b~c_d/'],
  ['/a/./b', '/a/b'],
  ['/a/..', '/'],
  ['/a//b', '/a//b'],
  ['/a\\b', '/a/b'],
  ['/a\tb\n', '/ab'],
  ['/a%2e%2e/%2E%2E/b', '/b'],
  [':443/a', '/a'],
])('a proof for %j is for the path %s [R-66]', async (path, expected) => {
  const proof = await dpopProofs().prove(await boundToken(), { ...request, url: origin + path });

  expect(decodeJwt(proof)['htu']).toBe(origin + expected);
});

test('the method is in upper case, as it is sent [R-66]', async () => {
  const proof = await dpopProofs().prove(await boundToken(), { ...request, method: 'patch' });

  expect(decodeJwt(proof)['htm']).toBe('PATCH');
});

test('no two proofs are the same [R-71]', async () => {
  const [proofs, token] = [dpopProofs(), await boundToken()];

  const made = await Promise.all(Array.from({ length: 20 }, () => proofs.prove(token, request)));

  expect(new Set(made.map((proof) => decodeJwt(proof).jti)).size).toBe(20);
});

test('the last nonce of each server is in the proofs for it, and in no others [R-73 R-74]', async () => {
  const [proofs, token] = [dpopProofs(), await boundToken()];
  const nonceAt = async (server: string): Promise<unknown> =>
    decodeJwt(await proofs.prove(token, { method: 'GET', origin: server, url: `${server}/` }))['nonce'];

  proofs.remember('https://a.example', 'a-1');
  proofs.remember('https://b.example', 'b-1');
  proofs.remember('https://a.example', 'a-2');
  proofs.remember('https://a.example', undefined);
  proofs.remember('https://a.example', '');

  expect(await nonceAt('https://a.example')).toBe('a-2');
  expect(await nonceAt('https://b.example')).toBe('b-1');
  expect(await nonceAt('https://a.example:8443')).toBeUndefined();
});

test('a token without its keys is not sent [F7]', async () => {
  const token = new AccessToken({ value, type: 'DPoP', issuedAt: 0, expiresAt: Infinity });

  const proof = dpopProofs().prove(token, request);

  await expect(proof).rejects.toThrow(ConfigurationError);
});
