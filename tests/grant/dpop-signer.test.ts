import { describe, expect, test } from '@jest/globals';
import axios from 'axios';
import { calculateJwkThumbprint } from 'jose';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import { dpop, dpopKeyOf } from '../../src/grant/dpop.js';
import { staticToken } from '../../src/service/static-token.js';
import { memoryStore } from '../../src/stores/memory.js';
import { startDpopSurroundings } from '../support/dpop-service.js';
import { failureOf, linesThatShow } from '../support/grant-outcome.js';
import { type SignerAlgorithm, testSigner } from '../support/signers.js';

describe('DPoP proofs of a remote signer [F7]', () => {
  test.each<SignerAlgorithm>(['ES256', 'PS256', 'RS256', 'Ed25519'])(
    'with %s are valid at the token endpoint and at the API [R-66 R-67 R-68]',
    async (algorithm) => {
      const signer = await testSigner(algorithm);
      const { tokens, api, atTokenEndpoint, atApi } = await startDpopSurroundings({ dpop: dpop({ signer }) });
      const client = axios.create({ baseURL: api.origin });
      client.interceptors.request.use(bearerToken(tokens));
      const authorizedFetch = withBearerToken(fetch, tokens, { origins: [api.origin] });

      await client.get('/orders?page=2');
      const response = await authorizedFetch(`${api.origin}/orders`, { method: 'POST', body: '{}' });

      expect(response.status).toBe(200);
      const jkt = await calculateJwkThumbprint(signer.publicKey.export({ format: 'jwk' }));
      const proofs = [...atTokenEndpoint.proofs, ...atApi.proofs];
      expect(proofs.map(({ htm }) => htm)).toEqual(['POST', 'GET', 'POST']);
      expect(new Set(proofs.map((proof) => proof.jkt))).toEqual(new Set([jkt]));
      expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(3);
      expect(proofs[0]).toMatchObject({ header: { alg: algorithm, typ: 'dpop+jwt' } });
      expect(proofs[0]).not.toHaveProperty('ath');
      expect(proofs[0]).not.toHaveProperty('nonce');
    },
  );

  test('have the nonces of each server [A22 R-72]', async () => {
    const signer = await testSigner();
    const { tokens, api, atTokenEndpoint, atApi } = await startDpopSurroundings({ dpop: dpop({ signer }) });
    atTokenEndpoint.require('nonce-1');
    atApi.require('nonce-2');
    const authorizedFetch = withBearerToken(fetch, tokens, { origins: [api.origin] });

    expect((await authorizedFetch(`${api.origin}/orders`)).status).toBe(200);

    expect([...atTokenEndpoint.proofs, ...atApi.proofs].map(({ nonce }) => nonce)).toEqual(['nonce-1', 'nonce-2']);
    expect(signer.signed).toHaveLength(4);
  });

  test('are sent with a token from the shared store', async () => {
    const [signer, store] = [await testSigner(), memoryStore()];
    const one = await startDpopSurroundings({ dpop: dpop({ signer }), store });
    await one.tokens.ready();
    const { tokenEndpoint } = one.authorizationServer;
    const other = await startDpopSurroundings({ dpop: dpop({ signer }), store, tokenEndpoint });
    const authorizedFetch = withBearerToken(fetch, other.tokens, { origins: [one.api.origin] });

    expect((await authorizedFetch(`${one.api.origin}/orders`)).status).toBe(200);

    expect(one.authorizationServer.grants).toHaveLength(1);
    expect(await other.tokens.getToken()).toMatchObject({ shared: true, signer });
  });

  test('are made for a static token, too', async () => {
    const signer = await testSigner();
    const { tokens, api, atApi } = await startDpopSurroundings({ dpop: dpop({ signer }) });
    const { value } = await tokens.getToken();
    const authorizedFetch = withBearerToken(fetch, staticToken(value, { type: 'DPoP', signer }), {
      origins: [api.origin],
    });

    expect((await authorizedFetch(`${api.origin}/orders`)).status).toBe(200);
    expect(atApi.proofs).toHaveLength(1);
  });

  test('need a signer that is never printed with the token [F4]', async () => {
    const signer = Object.assign(await testSigner(), { pin: 's3cret-pin' });
    const { tokens } = await startDpopSurroundings({ dpop: dpop({ signer }) });

    const token = await tokens.getToken();

    expect(token.signer).toBe(signer);
    expect(linesThatShow('s3cret-pin', token)).toEqual([]);
  });
});

describe('a DPoP signer that does not sign is an error of its own [B2]', () => {
  test('at the token endpoint: nothing is sent', async () => {
    const signer = { ...(await testSigner()), sign: () => Promise.reject(new Error('sealed')) };
    const { tokens, authorizationServer } = await startDpopSurroundings({
      dpop: dpop({ signer }),
      retry: { retries: 0 },
    });

    const error = await failureOf(tokens.getToken());

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({
      message: expect.stringContaining('the signer of the key "orders-2026" failed'),
      cause: { message: 'sealed' },
    });
    expect(authorizationServer.grants).toEqual([]);
  });

  test('with a request: the API gets nothing', async () => {
    const signer = await testSigner();
    let isSealed = false;
    const sign = async (data: Uint8Array) => (isSealed ? new Uint8Array(3) : signer.sign(data));
    const { tokens, api } = await startDpopSurroundings({ dpop: dpop({ signer: { ...signer, sign } }) });
    await tokens.ready();
    isSealed = true;
    const authorizedFetch = withBearerToken(fetch, tokens, { origins: [api.origin] });

    const error = await failureOf(authorizedFetch(`${api.origin}/orders`));

    expect(String(error)).toContain('the signer of the key "orders-2026" returned 3 bytes that are no ES256 signature');
    expect(api.requests).toEqual([]);
  });

  test('with a request that the caller aborts: the reason of the signal', async () => {
    const signer = await testSigner();
    let isHanging = false;
    const sign = (data: Uint8Array) => (isHanging ? new Promise<Uint8Array>(() => {}) : signer.sign(data));
    const { tokens, api } = await startDpopSurroundings({ dpop: dpop({ signer: { ...signer, sign } }) });
    await tokens.ready();
    isHanging = true;
    const caller = new AbortController();
    const authorizedFetch = withBearerToken(fetch, tokens, { origins: [api.origin] });
    const failing = failureOf(authorizedFetch(`${api.origin}/orders`, { signal: caller.signal }));

    setImmediate(() => caller.abort(new Error('given up')));

    expect(await failing).toMatchObject({ message: 'given up' });
  });
});

describe('options of dpop and staticToken that contradict a signer are rejected [F6]', () => {
  test.each<[object, string]>([
    [{ publicKey: undefined }, 'the "signer" of dpop needs its "publicKey"'],
    [{ keyId: undefined }, '"keyId" of the "signer" of dpop must be a non-empty string'],
  ])('%#', async (changes, message) => {
    const signer = { ...(await testSigner()), ...changes };
    const make = () => dpop({ signer });

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });

  test('with keys as well', async () => {
    const signer = await testSigner();
    const { keyPair } = await dpopKeyOf(dpop()).binding();

    expect(() => dpop({ signer, keyPair })).toThrow('dpop takes either "keyPair" or "signer", not both');
    expect(() => staticToken('a', { type: 'DPoP' })).toThrow('staticToken needs "keyPair" or "signer"');
    expect(() => staticToken('a', { type: 'Bearer', signer })).toThrow('staticToken needs "keyPair" or "signer"');
    expect(() => staticToken('a', { type: 'DPoP', signer: { ...signer, publicKey: undefined } })).toThrow(
      '"publicKey"',
    );
  });

  test('and the thumbprint is that of the same key in a pair [D2]', async () => {
    const pair = (await dpopKeyOf(dpop()).binding()).keyPair!;
    const signer = { ...(await testSigner()), publicKey: pair.publicKey };

    expect(await dpopKeyOf(dpop({ signer })).thumbprint()).toBe(await dpopKeyOf(dpop({ keyPair: pair })).thumbprint());
  });
});
