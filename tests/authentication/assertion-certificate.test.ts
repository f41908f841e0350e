import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt, type PrivateKeyJwtOptions } from '../../src/authentication/private-key-jwt.js';
import { importPrivateKey } from '../../src/authentication/private-key.js';
import { fromFile } from '../../src/authentication/secret.js';
import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import type { Signer } from '../../src/core/signer.js';
import { createTokenService } from '../../src/service/token-service.js';
import { refused, startAuthorizationServer } from '../support/authorization-server.js';
import { assertionIn } from '../support/client-assertions.js';
import { clientCertificates } from '../support/client-certificates.js';
import { granting } from '../support/grant-outcome.js';
import { signBytes, testSigner } from '../support/signers.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const { first, renewed, authority } = clientCertificates;
const { raw, publicKey } = new X509Certificate(first.certificate);
const chain = `${first.certificate}${authority}`;
const year2120 = Date.UTC(2120, 0, 1);

/** A signer with the key of the first certificate, without a public key. */
const signer: Signer = {
  algorithm: 'ES256',
  keyId: 'in-the-vault',
  sign: async (data) => signBytes(data, { key: importPrivateKey(first.key).key as KeyObject, algorithm: 'ES256' }),
};

/** A client that names the certificate of its key, at a server. */
async function certified(options: Partial<PrivateKeyJwtOptions>) {
  const server = await startAuthorizationServer();
  const clientAuthentication = privateKeyJwt({ key: first.key, certificate: first.certificate, ...options });
  return { server, ...granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication }) };
}

describe('the header of an assertion names the certificate [R-62]', () => {
  test.each<[string, Partial<PrivateKeyJwtOptions>, object]>([
    ['by its SHA-256 thumbprint', {}, { 'x5t#S256': hash('sha256', raw, 'base64url') }],
    ['by its SHA-1 thumbprint', { certificateHeader: 'x5t' }, { x5t: hash('sha1', raw, 'base64url') }],
    ['as it is', { certificateHeader: 'x5c' }, { x5c: [raw.toString('base64')] }],
    [
      'with its chain',
      { certificateHeader: 'x5c', certificate: chain },
      { x5c: [raw.toString('base64'), new X509Certificate(authority).raw.toString('base64')] },
    ],
    ['without its chain', { certificate: chain }, { 'x5t#S256': hash('sha256', raw, 'base64url') }],
    [
      'that a variable holds in one line',
      { certificate: first.certificate.replaceAll('\n', String.raw`\n`) },
      { 'x5t#S256': hash('sha256', raw, 'base64url') },
    ],
    ['beside the key id', { keyId: 'orders' }, { 'x5t#S256': hash('sha256', raw, 'base64url'), kid: 'orders' }],
    [
      'of a remote signer',
      { key: undefined, signer },
      { 'x5t#S256': hash('sha256', raw, 'base64url'), kid: 'in-the-vault' },
    ],
  ])('%s', async (_what, options, named) => {
    const { server, tokens } = await certified(options);

    await tokens.getToken();

    const { header } = await assertionIn(server.grants[0], publicKey);
    expect(header).toEqual({ alg: 'ES256', typ: 'client-authentication+jwt', ...named });
  });

  test('and the error of a rejected assertion, too', async () => {
    const { server, failure } = await certified({});
    server.script(refused('invalid_client', { status: 401 }));

    expect(String(await failure())).toContain(
      `without a key id and the certificate with x5t#S256 ${hash('sha256', raw, 'base64url')}`,
    );
  });

  test('whose key verifies the signatures of a signer', async () => {
    const other = await testSigner();
    const { server, failure } = await certified({
      key: undefined,
      signer: { ...signer, sign: (data: Uint8Array) => other.sign(data) },
    });

    expect(String(await failure())).toContain('returned a signature that its public key does not verify');
    expect(server.grants).toEqual([]);
  });
});

describe('a certificate that does not fit is rejected when the authentication is made [F6]', () => {
  test.each<[object, string]>([
    [{ certificate: renewed.certificate }, 'the private key does not belong to the certificate'],
    [{ certificate: `${authority}${first.certificate}` }, 'in a chain, the certificate of the key comes first'],
    [{ certificate: first.key }, 'the certificate of the assertion is not a certificate in PEM'],
    [{ certificate: first.certificate.slice(0, 200) }, 'the certificate of the assertion is not a certificate in PEM'],
    [{ certificate: first.certificate.replace('MII', 'AII') }, 'the certificate of the assertion is not a certificate'],
    [{ certificate: '' }, '"certificate" of privateKeyJwt must be a non-empty string or a function'],
    [{ key: async () => first.key, certificate: 'a' }, 'the certificate of the assertion is not a certificate in PEM'],
    [{ certificateHeader: 'x5u' }, '"certificateHeader" of privateKeyJwt must be "x5t#S256" or "x5t" or "x5c"'],
  ])('%#', (options, message) => {
    const make = () => privateKeyJwt({ key: first.key, certificate: first.certificate, ...options });

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

/** Key and certificate in files. */
async function inFiles() {
  const folder = await temporaryFolder();
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const install = (pair: { readonly key: string; readonly certificate: string }) =>
    Promise.all([writeFile(key, pair.key), writeFile(certificate, pair.certificate)]);
  return { install, options: { key: fromFile(key), certificate: fromFile(certificate) } };
}

describe('key and certificate in files [F1]', () => {
  test('are read for each grant, and an event reports the rotation of both', async () => {
    const { install, options } = await inFiles();
    await install(first);
    const { server, tokens, events } = await certified(options);
    await tokens.getToken();
    await install(renewed);
    await tokens.getToken();
    await tokens.getToken();

    const keys = [first, renewed, renewed].map((pair) => new X509Certificate(pair.certificate));
    const headers = await Promise.all(
      server.grants.map(async (request, at) => (await assertionIn(request, keys[at]?.publicKey)).header['x5t#S256']),
    );
    expect(headers).toEqual(keys.map((each) => hash('sha256', each.raw, 'base64url')));
    expect(events.filter(({ type }) => type === 'credential.reread')).toEqual([
      expect.objectContaining({ credential: 'certificate', expiresAt: year2120 }),
      expect.objectContaining({ credential: 'key' }),
    ]);
  });

  test('that do not belong together are a retryable error: they may be just being replaced', async () => {
    const { install, options } = await inFiles();
    await install({ key: first.key, certificate: renewed.certificate });
    const { server, failure } = await certified(options);

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({
      retryable: true,
      message: expect.stringContaining('does not belong to the certificate'),
    });
    expect(server.grants).toEqual([]);
  });

  test('are read once more after a rejection; a renewed certificate of the same key counts [A7]', async () => {
    const { install, options } = await inFiles();
    await install(first);
    const { server, failure } = await certified({ ...options, certificateHeader: 'x5c' });
    server.script(async () => {
      await install(renewed);
      return refused('invalid_client', { status: 401 });
    });

    await failure();

    expect(server.grants).toHaveLength(2);
  });
});

test('the expiry of the certificate is in the event of the grant and in stats() [D2]', async () => {
  const server = await startAuthorizationServer();
  const events: unknown[] = [];
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    clientId: 'orders',
    clientAuthentication: privateKeyJwt({ key: first.key, certificate: first.certificate }),
    onEvent: (event) => events.push(event),
  });

  await tokens.getToken();

  const credential = { credential: 'certificate', expiresAt: year2120 };
  expect(tokens.stats().credential).toEqual(credential);
  expect(events).toContainEqual(expect.objectContaining({ type: 'grant.succeeded', credential }));
});

test('with mutual TLS, two certificates that stay the same are reported as no rotation', async () => {
  const inner = privateKeyJwt({ key: renewed.key, certificate: renewed.certificate });
  const authentication = mutualTls({ ...first, clientAuthentication: inner });
  const events: { readonly type: string }[] = [];
  const { failure } = granting({
    tokenEndpoint: 'https://127.0.0.1:9/token',
    clientAuthentication: authentication,
    onEvent: (event) => events.push(event),
  });

  await failure();
  await failure();

  authentication.agent.destroy();
  expect(events.map(({ type }) => type)).toEqual(['grant.failed', 'grant.failed']);
});
