import { webcrypto } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, decodeJwt } from 'jose';

import { asClientAuthentication, type ClientAuthentication } from '../../src/authentication/client-authentication.js';
import type { DpopKeyPair } from '../../src/core/access-token.js';
import { ConfigurationError, GrantRejectedError, GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { dpop, dpopKeyOf, type DpopOptions } from '../../src/grant/dpop.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { verifyProof } from '../support/dpop-proof.js';
import { startDpopSurroundings } from '../support/dpop-service.js';
import { failureOf, granting, linesThatShow, secret } from '../support/grant-outcome.js';
import type { Answer } from '../support/http-server.js';

const { subtle } = webcrypto;
const [ec, ed, rsa] = ['ECDSA', 'Ed25519', { publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 }] as const;

/** A pair of keys for one algorithm of WebCrypto. */
const keysFor = (algorithm: object): Promise<DpopKeyPair> =>
  subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, false, ['sign', 'verify']);

describe('a token request with DPoP', () => {
  test('carries a proof with all members, and neither query nor fragment in its URL [R-66 R-67]', async () => {
    const server = await startAuthorizationServer();
    server.script(granted('t', { token_type: 'DPoP' }));
    const { tokens } = granting({ tokenEndpoint: `${server.tokenEndpoint}?tenant=a`, dpop: dpop() });

    const token = await tokens.getToken();

    const [request] = server.grants;
    const proof = await verifyProof(request as NonNullable<typeof request>, server.origin);
    expect(proof).toMatchObject({ htm: 'POST', htu: server.tokenEndpoint, jti: expect.stringMatching(/.{16,}/) });
    expect(Math.abs(proof.iat - Date.now() / 1000)).toBeLessThan(30);
    expect(proof.header).toEqual({ alg: 'ES256', typ: 'dpop+jwt', jwk: ['crv', 'kty', 'x', 'y'] });
    expect(proof).not.toHaveProperty('ath');
    expect(token).toMatchObject({ type: 'DPoP', authorization: 'DPoP t' });
  });

  test.each<[string, string, object]>([
    ['ES256', 'DPoP', { name: ec, namedCurve: 'P-256' }],
    ['Ed25519', 'dpop', { name: ed }],
    ['PS256', 'DPOP', { name: 'RSA-PSS', hash: 'SHA-256', ...rsa }],
    ['RS256', 'DPoP', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', ...rsa }],
  ])('binds the token to the given keys for %s if the type is "%s" [F7 R-63]', async (alg, type, algorithm) => {
    const server = await startAuthorizationServer();
    server.script(granted('t', { token_type: type }));
    const keyPair = await keysFor(algorithm);
    const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, dpop: dpop({ keyPair }) });

    const token = await tokens.getToken();

    const [request] = server.grants;
    const proof = await verifyProof(request as NonNullable<typeof request>, server.origin);
    expect(proof.header.alg).toBe(alg);
    expect(proof.jkt).toBe(await calculateJwkThumbprint(await subtle.exportKey('jwk', keyPair.publicKey)));
    expect(token.keyPair).toBe(keyPair);
    expect(token.type).toBe('DPoP');
  });

  test('has keys of its own in each service, which are neither exportable nor printed [F7 F4]', async () => {
    const [one, other] = [await startDpopSurroundings(), await startDpopSurroundings()];

    const [first, second] = [await one.tokens.getToken(), await one.tokens.getToken({ scope: 'a' })];
    const foreign = await other.tokens.getToken();

    expect(second.keyPair).toBe(first.keyPair);
    expect(foreign.keyPair).not.toBe(first.keyPair);
    expect(first.keyPair?.privateKey.extractable).toBe(false);
    expect(linesThatShow('CryptoKey', first)).toEqual([]);
  });

  test('is sent once more with the required nonce, which is used from then on [A22 R-72 R-89]', async () => {
    const { tokens, authorizationServer, atTokenEndpoint } = await startDpopSurroundings();
    atTokenEndpoint.require('nonce-1');

    await tokens.getToken({ scope: 'a' });
    await tokens.getToken({ scope: 'b' });
    atTokenEndpoint.require('nonce-2');
    await tokens.getToken({ scope: 'c' });

    expect(authorizationServer.grants).toHaveLength(5);
    expect(atTokenEndpoint.proofs.map(({ nonce }) => nonce)).toEqual(['nonce-1', 'nonce-1', 'nonce-2']);
  });

  test('reports in its event that the server asked for a nonce [A22]', async () => {
    const events: TokenEvent[] = [];
    const { tokens, atTokenEndpoint } = await startDpopSurroundings({ onEvent: (event) => events.push(event) });
    atTokenEndpoint.require('nonce-1');

    await tokens.getToken({ scope: 'a' });
    await tokens.getToken({ scope: 'b' });

    const succeeded = events.filter(({ type }) => type === 'grant.succeeded');
    expect(succeeded).toEqual([
      expect.objectContaining({ requestedScope: 'a', dpopNonce: true }),
      expect.not.objectContaining({ dpopNonce: true }),
    ]);
  });

  test('is sent once more also if a challenge requires the nonce [A22 R-72]', async () => {
    const server = await startAuthorizationServer();
    const headers = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'nonce-1' };
    server.script({ status: 401, headers }, granted('t', { token_type: 'DPoP' }));
    const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, dpop: dpop() });

    await tokens.getToken();

    const proof = String(server.grants[1]?.headers['dpop']);
    expect(decodeJwt(proof)['nonce']).toBe('nonce-1');
    expect(server.grants).toHaveLength(2);
  });

  test('uses the nonce of a successful response, too [R-73]', async () => {
    const { tokens, atTokenEndpoint } = await startDpopSurroundings();
    atTokenEndpoint.offer('nonce-1');

    await tokens.getToken({ scope: 'a' });
    await tokens.getToken({ scope: 'b' });

    expect(atTokenEndpoint.proofs.map(({ nonce }) => nonce)).toEqual([undefined, 'nonce-1']);
  });

  test('has a fresh assertion and a fresh proof each time, also after an outage [A22 A23 R-71]', async () => {
    const { tokens, authorizationServer, atTokenEndpoint } = await startDpopSurroundings({
      clientAuthentication: countingAssertions(),
      clientSecret: undefined,
      retry: { retries: 1 },
      clock: undefined,
      random: () => 0,
    });
    atTokenEndpoint.require('nonce-1');
    await tokens.getToken();
    authorizationServer.script({ status: 503 }, granted('t', { token_type: 'DPoP' }));
    await tokens.getToken({ scope: 'a' });

    const bodies = authorizationServer.grants.map(({ body }) => new URLSearchParams(body));
    expect(bodies.map((body) => body.get('client_assertion'))).toEqual(['1', '2', '3', '4']);
    expect(new Set(authorizationServer.grants.map(({ headers }) => headers['dpop'])).size).toBe(4);
  });

  test('that fails after the nonce is reported by that failure [A22 B2]', async () => {
    const server = await startAuthorizationServer();
    const nonce = { ...refused('use_dpop_nonce'), headers: { 'dpop-nonce': 'nonce-1' } };
    server.script(nonce, (_request, response) => void response.destroy());
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, dpop: dpop() });

    const error = await failure();

    expect(server.grants).toHaveLength(2);
    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ retryable: true });
  });

  test('is given up if every nonce is rejected, with an error that names DPoP [A22 A39]', async () => {
    const server = await startAuthorizationServer();
    server.script({ ...refused('use_dpop_nonce'), headers: { 'dpop-nonce': 'again' } });
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, dpop: dpop() });

    const error = await failure();

    expect(server.grants).toHaveLength(2);
    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(String(error)).toMatch(/use_dpop_nonce.*the DPoP proof was rejected: check the clock/);
  });
});

describe('a Bearer token instead of a DPoP-bound one', () => {
  test('is discarded, and the grant is not repeated at once [R-68 R-87]', async () => {
    const server = await startAuthorizationServer();
    server.script(granted('plain-t0ken'));
    const { tokens } = await startDpopSurroundings({ tokenEndpoint: server.tokenEndpoint, retry: { retries: 2 } });

    const [error, again] = [await failureOf(tokens.getToken()), await failureOf(tokens.getToken())];

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(/granted a Bearer token instead of a DPoP-bound one: enable DPoP/);
    expect(again).toBeInstanceOf(ConfigurationError);
    expect(linesThatShow('plain-t0ken', error)).toEqual([]);
    expect(server.grants).toHaveLength(1);
  });

  test('is used with "requireBinding: false" [R-68]', async () => {
    const server = await startAuthorizationServer();
    const { tokens } = granting({
      tokenEndpoint: server.tokenEndpoint,
      dpop: dpop({ requireBinding: false }),
    });

    const token = await tokens.getToken();

    expect(server.grants[0]?.headers).toHaveProperty('dpop');
    expect(token).toMatchObject({ type: 'Bearer', authorization: 'Bearer token-1', keyPair: undefined });
  });
});

describe('a rejected proof is a final error that names DPoP [A39]', () => {
  test.each<[string, Answer]>([
    ['its own code', refused('invalid_dpop_proof')],
    ['its own code and a 401', refused('invalid_dpop_proof', { status: 401 })],
    ['its own code and a 500', refused('invalid_dpop_proof', { status: 500 })],
    ['invalid_grant', refused('invalid_grant')],
    ['a 403 without a code', { status: 403, body: 'no' }],
    ['a 403 with a code', refused('access_denied', { status: 403 })],
  ])('when it is reported with %s', async (_what, answer) => {
    const server = await startAuthorizationServer();
    server.script(answer);
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, dpop: dpop() });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ retryable: false });
    expect(String(error)).toContain('the DPoP proof');
    expect(server.grants).toHaveLength(1);
  });

  test('when the client must use DPoP and does not', async () => {
    const server = await startAuthorizationServer();
    server.script(refused('invalid_dpop_proof'));
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });

    expect(String(await failure())).toContain('this client must use DPoP: set "dpop"');
  });

  test('when DPoP may be required and is not used: some servers report that as invalid_grant [A50]', async () => {
    const server = await startAuthorizationServer();
    server.script(refused('invalid_grant'));
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });

    expect(String(await failure())).toContain('some servers report in this way that DPoP is required: set "dpop"');
  });

  test('but not for a 403 or invalid_request without DPoP, nor for other codes with it', async () => {
    const server = await startAuthorizationServer();
    server.script(refused('invalid_request'), { status: 403 }, refused('invalid_scope'));
    const [plain, bound] = [{}, { dpop: dpop() }].map((options) =>
      granting({ tokenEndpoint: server.tokenEndpoint, ...options }),
    );

    const errors = [await plain?.failure(), await plain?.failure(), await bound?.failure()];

    expect(errors.map(String).join()).not.toContain('DPoP');
  });

  test('but not for an outage', async () => {
    const server = await startAuthorizationServer();
    server.script({ status: 503 });
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, dpop: dpop() });

    expect(await failure()).toBeInstanceOf(GrantUnavailableError);
  });
});

describe('dpop()', () => {
  test.each<[string, (pair: DpopKeyPair) => unknown]>([
    ['an empty object', () => ({})],
    ['no public key', ({ privateKey }) => ({ privateKey })],
    ['the two mixed up', ({ privateKey, publicKey }) => ({ privateKey: publicKey, publicKey: privateKey })],
    ['JWKs', () => ({ privateKey: { kty: 'EC' }, publicKey: { kty: 'EC' } })],
  ])('rejects %s as keys [R-66]', async (_what, change) => {
    const keyPair = change(await keysFor({ name: ec, namedCurve: 'P-256' })) as DpopKeyPair;

    expect(() => dpop({ keyPair })).toThrow('"keyPair" of dpop must hold a "privateKey" that may sign');
  });

  test.each<[string, object]>([
    ['P-384', { name: ec, namedCurve: 'P-384' }],
    ['RSA with SHA-512', { name: 'RSA-PSS', hash: 'SHA-512', ...rsa }],
    ['RSA of 1024 bits', { name: 'RSA-PSS', hash: 'SHA-256', ...rsa, modulusLength: 1024 }],
  ])('rejects keys for %s [R-66 R-48]', async (_what, algorithm) => {
    const keyPair = await keysFor(algorithm);

    expect(() => dpop({ keyPair })).toThrow(ConfigurationError);
  });

  test('has one thumbprint, which differs from key to key', async () => {
    const [one, other] = [dpop(), dpop()];

    expect(await dpopKeyOf(one).thumbprint()).toBe(await dpopKeyOf(one).thumbprint());
    expect(await dpopKeyOf(one).thumbprint()).toMatch(/^[\w-]{43}$/);
    expect(await dpopKeyOf(one).thumbprint()).not.toBe(await dpopKeyOf(other).thumbprint());
  });

  test('rejects unknown options [F10]', () => {
    expect(() => dpop({ requireBindings: true } as DpopOptions)).toThrow('did you mean "requireBinding"?');
    expect(() => dpop({ requireBinding: 'no' } as unknown as DpopOptions)).toThrow(
      '"requireBinding" of dpop must be a boolean',
    );
  });
});

/** Assertions that are numbers, so that a test can tell them apart. */
function countingAssertions(): ClientAuthentication {
  let count = 0;
  return asClientAuthentication({
    fingerprint: () => Promise.resolve(''),
    prepare: () =>
      Promise.resolve({
        method: 'private_key_jwt',
        secrets: [secret],
        fingerprint: '',
        authenticate: (_server, _client, body) => body.set('client_assertion', String((count += 1))),
      }),
  });
}
