import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { authenticatorOf } from '../../src/authentication/client-authentication.js';
import { privateKeyJwt, type PrivateKeyJwtOptions } from '../../src/authentication/private-key-jwt.js';
import type { PrivateKey } from '../../src/authentication/private-key.js';
import { fromFile } from '../../src/authentication/secret.js';
import { systemClock } from '../../src/core/clock.js';
import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { assertionIn } from '../support/client-assertions.js';
import { failureOf, granting, linesThatShow } from '../support/grant-outcome.js';
import { signingKey } from '../support/signing-keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ec = await signingKey('ES256');
const rsa = await signingKey('RS256');
const edwards = await signingKey('EdDSA');
const es384 = await signingKey('ES384');

const listing = (supported: readonly string[] | undefined) => ({
  token_endpoint_auth_signing_alg_values_supported: supported,
});

/** The header of an assertion that a server with these metadata accepts. */
async function headerAt(metadata: object, options: PrivateKeyJwtOptions, publicKey = ec.publicKey, profile?: 'fapi2') {
  const server = await startAuthorizationServer({ metadata });
  const { tokens } = granting({ issuer: server.origin, clientAuthentication: privateKeyJwt(options), profile });
  await tokens.getToken();
  return (await assertionIn(server.grants[0], publicKey)).header;
}

describe('private_key_jwt [R-62]', () => {
  test.each([
    ['a PEM text', ec.pem, ec, 'ES256'],
    ['a JWK', ec.privateJwk, ec, 'ES256'],
    ['a KeyObject', rsa.privateKey, rsa, 'RS256'],
    ['a CryptoKey', edwards.cryptoKey, edwards, 'EdDSA'],
    ['a function of a CryptoKey', () => ec.cryptoKey, ec, 'ES256'],
    ['an async function of a PEM text', async () => rsa.pem, rsa, 'RS256'],
  ] as const)('signs with %s, verifiably', async (_what, key, { publicKey }, algorithm) => {
    const header = await headerAt({}, { key }, publicKey);

    expect(header).toEqual({ alg: algorithm, typ: 'client-authentication+jwt' });
  });

  test.each([
    ['PS256', ['ES256', 'RS256', 'PS512', 'PS256'], rsa],
    ['RS256', ['RS256', 'ES256'], rsa],
    ['RS512', ['RS512'], rsa],
    ['ES256', ['RS256', 'ES256'], ec],
    ['Ed25519', ['Ed25519'], edwards],
    ['EdDSA', ['Ed25519', 'EdDSA'], edwards],
    // Without a list: the algorithm that servers should support, or the one of the key (RFC 8414 §2).
    ['RS256', undefined, rsa],
    ['ES384', undefined, es384],
    ['EdDSA', undefined, edwards],
  ] as const)('signs with %s if the metadata list %j [R-60]', async (algorithm, supported, { pem, publicKey }) => {
    expect((await headerAt(listing(supported), { key: pem }, publicKey)).alg).toBe(algorithm);
  });

  test.each([
    ['RS512', ['PS256', 'RS512']],
    ['PS256', undefined],
  ] as const)(
    'signs with %s if the option asks for it and the metadata list %j [R-60]',
    async (algorithm, supported) => {
      const options = { key: rsa.pem, algorithm };

      expect((await headerAt(listing(supported), options, rsa.publicKey)).alg).toBe(algorithm);
    },
  );

  test.each([
    ['ES256', { key: ec.pem }],
    ['PS384', { key: rsa.pem, algorithm: 'PS384' }],
  ])('sends nothing if the server does not support %s [R-60]', async (algorithm, options) => {
    const server = await startAuthorizationServer({ metadata: listing(['RS256', 'EdDSA']) });
    const { failure } = granting({ issuer: server.origin, clientAuthentication: privateKeyJwt(options) });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(
      `does not accept client assertions signed with ${algorithm}; it supports RS256, EdDSA`,
    );
    expect(server.grants).toEqual([]);
  });

  test('names the key by the option, or by the kid of a JWK', async () => {
    const key = { ...ec.privateJwk, kid: 'of-the-jwk' };

    expect((await headerAt({}, { key })).kid).toBe('of-the-jwk');
    expect((await headerAt({}, { key, keyId: 'of-the-option' })).kid).toBe('of-the-option');
  });
});

describe('private_key_jwt with the profile "fapi2" [R-91]', () => {
  test.each([
    ['PS256', ['RS256', 'PS512', 'PS256'], rsa],
    ['PS256', undefined, rsa],
    ['ES256', undefined, ec],
    ['Ed25519', ['Ed25519'], edwards],
  ] as const)('signs with %s if the metadata list %j', async (algorithm, supported, { pem, publicKey }) => {
    expect((await headerAt(listing(supported), { key: pem }, publicKey, 'fapi2')).alg).toBe(algorithm);
  });

  test.each([
    [{ key: es384.pem }, 'the profile "fapi2" allows PS256, ES256 and EdDSA only; the key signs with ES384'],
    [
      { key: rsa.pem, algorithm: 'RS256' },
      '"algorithm" must be PS256 for this key and the profile "fapi2", not "RS256"',
    ],
  ])('allows no other algorithm: %#', async (options, message) => {
    const server = await startAuthorizationServer({ metadata: {} });
    const clientAuthentication = privateKeyJwt(options);
    const { failure } = granting({ issuer: server.origin, clientAuthentication, profile: 'fapi2' });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(message);
    expect(server.grants).toEqual([]);
  });
});

describe('a key that does not fit is rejected when the authentication is made [F6 R-48]', () => {
  test.each<[object, RegExp]>([
    [{}, /privateKeyJwt needs a "key"/],
    [{ key: undefined }, /privateKeyJwt needs a "key"/],
    [{ key: null }, /"key" of privateKeyJwt must be a PEM text/],
    [{ key: '' }, /"key" of privateKeyJwt must be a PEM text, a JWK, a KeyObject, a CryptoKey or a function/],
    [{ key: 'open sesame' }, /the private key is neither PEM/],
    [{ key: ec.publicKey }, /the private key is a public key/],
    [{ key: ec.pem, algorithm: 'RS256' }, /"algorithm" must be ES256 for this key, not "RS256"/],
    [{ key: rsa.pem, algorithm: 'ES256' }, /must be PS256 or RS256 or PS384 or RS384 or PS512 or RS512 for this key/],
    [{ key: ec.pem, algorithm: 'none' }, /"algorithm" of privateKeyJwt must be "RS256" or/],
    [{ key: ec.pem, algorithm: 'HS256' }, /"algorithm" of privateKeyJwt must be "RS256" or/],
    [{ key: ec.pem, kid: '1' }, /no option "kid"; did you mean/],
  ])('%#', (options, message) => {
    const make = () => privateKeyJwt(options);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

/** A client that signs with the key in a file, at a server that knows these public keys. */
async function fromKeyFile(...known: (typeof ec)[]) {
  const folder = await temporaryFolder();
  const path = join(folder, 'key.pem');
  const server = await startAuthorizationServer();
  server.script(async (request) => {
    const checks = await Promise.allSettled(known.map(({ publicKey }) => assertionIn(request, publicKey)));
    return checks.some(({ status }) => status === 'fulfilled')
      ? granted('t')
      : refused('invalid_client', { status: 401 });
  });
  const clientAuthentication = privateKeyJwt({ key: fromFile(path) });
  // The responses are dated by the real time.
  const options = { tokenEndpoint: server.tokenEndpoint, clientAuthentication, clock: systemClock };
  return { path, server, clientAuthentication, ...granting(options) };
}

describe('a key file [F1]', () => {
  test('is read for each grant', async () => {
    const { path, tokens, server } = await fromKeyFile(ec, rsa);

    await writeFile(path, ec.pem);
    await tokens.getToken();
    await writeFile(path, rsa.pem);
    await tokens.getToken();

    const headers = await Promise.all(server.grants.map(async (request) => (await assertionIn(request)).header.alg));
    expect(headers).toEqual(['ES256', 'RS256']);
  });

  test('is read once more if its key is rejected, and a new key is used [A7]', async () => {
    const { path, server, failure } = await fromKeyFile();
    await writeFile(path, ec.pem);
    server.script(async () => {
      await writeFile(path, rsa.pem);
      return refused('invalid_client', { status: 401 });
    });

    await failure();

    const headers = await Promise.all(server.grants.map(async (request) => (await assertionIn(request)).header.alg));
    expect(headers).toEqual(['ES256', 'RS256']);
  });

  test('that still holds the rejected key is not used again [A7]', async () => {
    const { path, server, failure } = await fromKeyFile(rsa);
    await writeFile(path, ec.pem);

    await failure();

    expect(server.grants).toHaveLength(1);
  });

  test('that is half-written is a retryable error, which does not show the key', async () => {
    const { path, server, failure } = await fromKeyFile(ec);
    await writeFile(path, ec.pem.slice(0, 120));

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ retryable: true, message: expect.stringContaining('is neither PEM') });
    expect(linesThatShow(ec.pem.slice(40, 60), error)).toEqual([]);
    expect(server.grants).toEqual([]);
  });

  test('that is missing is named in the cause', async () => {
    const { path, failure } = await fromKeyFile(ec);

    expect(await failure()).toMatchObject({
      message: expect.stringContaining('the private key could not be read'),
      cause: { code: 'ENOENT', message: expect.stringContaining(path) },
    });
  });

  test('has a fingerprint that changes with the key; a fixed key has none [D2]', async () => {
    const { path, clientAuthentication } = await fromKeyFile(ec);
    const prints: string[] = [];
    for (const content of [ec.pem, rsa.pem, `\n${ec.pem}`, 'no key', '']) {
      await writeFile(path, content);
      prints.push(await authenticatorOf(clientAuthentication).fingerprint());
    }

    expect(new Set(prints.slice(0, 2)).size).toBe(2);
    expect(prints[2]).toBe(prints[0]);
    expect(prints.slice(3)).toEqual(['', '']);
    expect(await authenticatorOf(privateKeyJwt({ key: ec.pem })).fingerprint()).toBe('');
  });
});

test('a function without a key is an error', async () => {
  const none = () => null as unknown as PrivateKey;

  const error = await failureOf(
    authenticatorOf(privateKeyJwt({ key: none })).prepare('orders', { issuer: 'https://auth.example' }),
  );

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toContain('is a JWK without a private part or of an unknown type');
});

test('the error of a key function is the cause of the error', async () => {
  const sealed = () => Promise.reject(new Error('vault is sealed'));

  const error = await failureOf(
    authenticatorOf(privateKeyJwt({ key: sealed })).prepare('orders', { issuer: 'https://auth.example' }),
  );

  expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', cause: { message: 'vault is sealed' } });
});
