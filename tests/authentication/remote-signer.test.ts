import { describe, expect, test } from '@jest/globals';

import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import type { Signer } from '../../src/core/signer.js';
import { createTokenService } from '../../src/service/token-service.js';
import { refused, startAuthorizationServer } from '../support/authorization-server.js';
import { assertionIn, parametersIn } from '../support/client-assertions.js';
import { clientCertificates } from '../support/client-certificates.js';
import { granting } from '../support/grant-outcome.js';
import { type SignerAlgorithm, testSigner } from '../support/signers.js';

const ec = await testSigner('ES256');
const es384 = await testSigner('ES384');
const rs256 = await testSigner('RS256');

/** A client that authenticates with a signer, at a server. */
async function signing(signer: Signer, options: { readonly metadata?: object; readonly profile?: 'fapi2' } = {}) {
  const { metadata = {}, profile } = options;
  const server = await startAuthorizationServer({ metadata });
  const clientAuthentication = privateKeyJwt({ signer });
  return { server, ...granting({ issuer: server.origin, clientAuthentication, profile }) };
}

describe('private_key_jwt with a remote signer [F1 R-62]', () => {
  test.each<SignerAlgorithm>(['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])(
    'signs with %s, with the claims and the header of other assertions',
    async (algorithm) => {
      const signer = await testSigner(algorithm);
      const { server, tokens, clock } = await signing(signer);

      await tokens.getToken();

      const { header, claims } = await assertionIn(server.grants[0], signer.publicKey);
      expect(header).toEqual({ alg: algorithm, kid: 'orders-2026', typ: 'client-authentication+jwt' });
      const now = Math.floor(clock.now() / 1_000);
      expect(claims).toEqual({
        iss: 'orders',
        sub: 'orders',
        aud: server.origin,
        jti: expect.stringMatching(/.{16,}/),
        iat: now - 5,
        exp: now + 60,
      });
    },
  );

  test('signs a new assertion for each token request [A23]', async () => {
    const signer = await testSigner();
    const { server, tokens } = await signing(signer);

    await tokens.getToken();
    await tokens.getToken();

    const ids = await Promise.all(server.grants.map(async (request) => (await assertionIn(request)).claims.jti));
    expect(new Set(ids).size).toBe(2);
    expect(signer.signed).toHaveLength(2);
  });

  test.each<[SignerAlgorithm, string]>([
    ['RS256', 'the profile "fapi2" allows PS256, ES256 and EdDSA only; the key signs with RS256'],
    ['ES384', 'the profile "fapi2" allows PS256, ES256 and EdDSA only; the key signs with ES384'],
  ])('does not sign with %s under the profile "fapi2" [R-91]', async (algorithm, message) => {
    const signer = { RS256: rs256, ES384: es384 }[algorithm as 'RS256'];
    const { server, failure } = await signing(signer, { profile: 'fapi2' });

    expect(await failure()).toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringContaining(message) });
    expect(server.grants).toEqual([]);
  });

  test.each<SignerAlgorithm>(['PS256', 'ES256', 'EdDSA'])(
    'signs with %s under the profile "fapi2" [R-91]',
    async (algorithm) => {
      const { tokens } = await signing(await testSigner(algorithm), { profile: 'fapi2' });

      await expect(tokens.getToken()).resolves.toBeDefined();
    },
  );

  test('does not sign if the server does not support its algorithm [R-60]', async () => {
    const metadata = { token_endpoint_auth_signing_alg_values_supported: ['RS256'] };
    const { failure, server } = await signing(ec, { metadata });

    expect(String(await failure())).toContain('does not accept client assertions signed with ES256; it supports RS256');
    expect(server.grants).toEqual([]);
  });

  test('names the key in the error of a rejected assertion', async () => {
    const { server, failure } = await signing(ec);
    server.script(refused('invalid_client', { status: 401 }));

    expect(String(await failure())).toContain('the assertion was signed with ES256 with the key id "orders-2026"');
  });
});

describe('a signer that does not sign [B2]', () => {
  test.each<[string, Signer['sign'], boolean, RegExp]>([
    ['fails', async () => Promise.reject(new Error('key is disabled')), true, /failed; see "cause"$/],
    ['hangs', () => new Promise<Uint8Array>(() => {}), true, /did not sign in time$/],
    ['returns garbage', async () => new Uint8Array(9), false, /returned 9 bytes that are no ES256 signature/],
  ])('and %s is an error of its own; nothing is sent', async (_what, sign, retryable, message) => {
    const { server, failure, events } = await signing({ ...ec, sign, timeoutMs: 10 });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ retryable, status: undefined, message: expect.stringMatching(message) });
    expect(String(error)).toContain('the signer of the key "orders-2026"');
    expect(server.grants).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'grant.failed', attempt: undefined, error }));
  });

  test('is asked again by the retry, and the server gets one token request', async () => {
    const server = await startAuthorizationServer();
    let calls = 0;
    const sign = async (data: Uint8Array) => {
      calls += 1;
      if (calls === 1) throw new Error('throttled');
      return ec.sign(data);
    };
    const tokens = createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      clientId: 'orders',
      clientAuthentication: privateKeyJwt({ signer: { ...ec, sign } }),
      random: () => 0,
    });

    await tokens.getToken();

    expect(calls).toBe(2);
    expect(server.grants).toHaveLength(1);
  });

  test('is no outage of the server: the metadata are not read again [A26]', async () => {
    const { server, failure, clock } = await signing({
      ...ec,
      sign: () => Promise.reject(new Error('sealed')),
    });
    for (let minutes = 0; minutes < 3; minutes += 1) {
      await failure();
      clock.advance(60_000);
    }
    // A discovery would have been sent before these requests.
    for (let count = 0; count < 5; count += 1) await fetch(server.tokenEndpoint);

    expect(server.requests.filter(({ path }) => path.includes('.well-known'))).toHaveLength(1);
  });
});

describe('options that contradict a signer are rejected when the authentication is made [F6]', () => {
  test.each<[object, string]>([
    [{}, 'privateKeyJwt needs a "key" or a "signer"'],
    [{ signer: ec, key: 'a' }, 'privateKeyJwt takes either "key" or "signer", not both'],
    [{ signer: ec, keyId: 'a' }, '"keyId" of privateKeyJwt is for a "key": the "signer" has its own "keyId"'],
    [{ signer: ec, algorithm: 'ES256' }, 'the "signer" has its own "algorithm"'],
    [{ signer: {} }, '"signer" of privateKeyJwt must be an object with the method sign'],
    [{ signer: { ...ec, keyId: undefined } }, '"keyId" of the "signer" of privateKeyJwt must be a non-empty string'],
    [{ signer: ec, certificateHeader: 'x5t' }, '"certificateHeader" of privateKeyJwt needs a "certificate"'],
    [
      { signer: ec, certificate: clientCertificates.first.certificate },
      'the "publicKey" of the signer does not belong to the certificate',
    ],
    [
      { signer: { ...rs256, publicKey: undefined }, certificate: clientCertificates.first.certificate },
      'the certificate of the assertion is for ES256, but the signer uses RS256',
    ],
  ])('%#', (options, message) => {
    const make = () => privateKeyJwt(options);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

test('the assertion of a signer is a secret: no error and no event shows it [F4]', async () => {
  const { server, failure, events } = await signing(ec);
  server.script((request) => {
    const assertion = parametersIn(request)['client_assertion'] ?? '';
    return refused('invalid_client', { status: 401, description: `unknown ${assertion}` });
  });

  const error = await failure();

  const [signature = ''] = String(parametersIn(server.grants[0]!)['client_assertion']).split('.').slice(-1);
  expect(signature).toMatch(/^[\w-]{86}$/);
  expect(JSON.stringify([String(error), error, events satisfies readonly TokenEvent[]])).not.toContain(signature);
});
