import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { privateKeyJwt, type PrivateKeyJwtOptions } from '../../src/authentication/private-key-jwt.js';
import { keyFile } from '../../src/authentication/secret.js';
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

/** The header of an assertion that a server with these metadata accepts. */
async function headerAt(metadata: object, options: PrivateKeyJwtOptions, publicKey = ec.publicKey) {
  const server = await startAuthorizationServer({ metadata });
  await granting({ issuer: server.origin, clientAuthentication: privateKeyJwt(options) }).tokens.getToken();
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
    ['PS256', ['ES256', 'RS256', 'PS256'], rsa],
    ['RS512', ['RS512'], rsa],
    ['Ed25519', ['Ed25519'], edwards],
  ] as const)('signs with %s where the metadata list %j [R-60]', async (algorithm, supported, { pem, publicKey }) => {
    const metadata = { token_endpoint_auth_signing_alg_values_supported: supported };

    expect((await headerAt(metadata, { key: pem }, publicKey)).alg).toBe(algorithm);
  });

  test('asks nobody when the server supports no algorithm that fits the key [R-60]', async () => {
    const metadata = { token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256'] };
    const server = await startAuthorizationServer({ metadata });
    const { failure } = granting({ issuer: server.origin, clientAuthentication: privateKeyJwt({ key: ec.pem }) });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain('signed with ES256; it supports RS256, PS256');
    expect(server.grants).toEqual([]);
  });

  test('names the key by the option, or by the kid of a JWK', async () => {
    const key = { ...ec.privateJwk, kid: 'of-the-jwk' };

    expect((await headerAt({}, { key })).kid).toBe('of-the-jwk');
    expect((await headerAt({}, { key, keyId: 'of-the-option' })).kid).toBe('of-the-option');
  });
});

describe('what is wrong with a key is said when the authentication is made [F6 R-48]', () => {
  test.each<[object, RegExp]>([
    [{}, /privateKeyJwt needs a "key"/],
    [{ key: undefined }, /privateKeyJwt needs a "key"/],
    [{ key: '' }, /"key" of privateKeyJwt must be a PEM text, a JWK, a KeyObject, a CryptoKey or a function/],
    [{ key: 'open sesame' }, /the private key is neither PEM/],
    [{ key: ec.publicKey }, /the private key is a public key/],
    [{ key: ec.pem, algorithm: 'RS256' }, /"algorithm" must be ES256 for this key, not "RS256"/],
    [{ key: ec.pem, algorithm: 'none' }, /"algorithm" of privateKeyJwt must be "RS256" or/],
    [{ key: ec.pem, algorithm: 'HS256' }, /"algorithm" of privateKeyJwt must be "RS256" or/],
    [{ key: ec.pem, kid: '1' }, /no option "kid"; did you mean/],
  ])('%#', (options, message) => {
    const make = () => privateKeyJwt(options as PrivateKeyJwtOptions);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

/** A file with a key in it, and a client that signs with it, at a server that knows these public keys. */
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
  const clientAuthentication = privateKeyJwt({ key: keyFile(path) });
  // The server's answers are dated by the real time.
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

  test('is read once more when the key is refused, and its new key tried [A7]', async () => {
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

  test('that holds the same key as before is no reason to ask again [A7]', async () => {
    const { path, server, failure } = await fromKeyFile(rsa);
    await writeFile(path, ec.pem);

    await failure();

    expect(server.grants).toHaveLength(1);
  });

  test('that is half-written is tried again later, and shows nothing of the key', async () => {
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

  test('has a fingerprint that changes with the key; a key that cannot change has none [D2]', async () => {
    const { path, clientAuthentication } = await fromKeyFile(ec);
    const prints: string[] = [];
    for (const content of [ec.pem, rsa.pem, `\n${ec.pem}`, 'no key', '']) {
      await writeFile(path, content);
      prints.push(await clientAuthentication.fingerprint());
    }

    expect(new Set(prints.slice(0, 2)).size).toBe(2);
    expect(prints[2]).toBe(prints[0]);
    expect(prints.slice(3)).toEqual(['', '']);
    expect(await privateKeyJwt({ key: ec.pem }).fingerprint()).toBe('');
  });
});

test('a function that throws keeps its reason', async () => {
  const sealed = () => Promise.reject(new Error('vault is sealed'));

  const error = await failureOf(privateKeyJwt({ key: sealed }).prepare('orders', { issuer: 'https://auth.example' }));

  expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', cause: { message: 'vault is sealed' } });
});
