import { describe, expect, test } from '@jest/globals';

import { checkAlgorithm, signingAlgorithm } from '../../src/authentication/signing-algorithm.js';
import { ConfigurationError } from '../../src/core/errors.js';

const rsa = ['PS256', 'RS256', 'PS384', 'RS384', 'PS512', 'RS512'];
const edwards = ['EdDSA', 'Ed25519'];

const serverWith = (supported?: readonly string[]) => ({
  issuer: 'https://auth.example',
  ...(supported && { token_endpoint_auth_signing_alg_values_supported: [...supported] }),
});

describe('the algorithm for a key and a server [R-60]', () => {
  test.each([
    [rsa, ['RS256', 'PS256', 'ES256'], 'PS256'],
    [rsa, ['RS256', 'ES256'], 'RS256'],
    [rsa, ['RS512'], 'RS512'],
    [['ES256'], ['RS256', 'ES256'], 'ES256'],
    [edwards, ['Ed25519', 'ES256'], 'Ed25519'],
    [edwards, ['Ed25519', 'EdDSA'], 'EdDSA'],
    // Nothing is said: what RFC 8414 §2 says that servers should support, or all that the key can do.
    [rsa, undefined, 'RS256'],
    [['ES384'], undefined, 'ES384'],
    [edwards, undefined, 'EdDSA'],
  ])('of a key for %j, where the metadata list %j, is %s', (fitting, supported, chosen) => {
    expect(signingAlgorithm(serverWith(supported), { fitting })).toBe(chosen);
  });

  test('is the one asked for', () => {
    expect(signingAlgorithm(serverWith(['PS256', 'RS512']), { fitting: rsa, algorithm: 'RS512' })).toBe('RS512');
    expect(signingAlgorithm(serverWith(), { fitting: rsa, algorithm: 'PS256' })).toBe('PS256');
  });

  test.each([
    [['ES256'], undefined],
    [rsa, 'PS384'],
  ])('of a key for %j and asked for %j is none, with a list of what is supported', (fitting, algorithm) => {
    const choose = () => signingAlgorithm(serverWith(['RS256', 'EdDSA']), { fitting, algorithm });

    expect(choose).toThrow(ConfigurationError);
    expect(choose).toThrow(/auth\.example takes no client assertion .* it supports RS256, EdDSA/);
  });
});

test.each(['none', 'HS256', 'ES256'])('an RSA key does not sign with %s [R-48 F6]', (algorithm) => {
  const check = () => checkAlgorithm({ fitting: rsa, algorithm });

  expect(check).toThrow(ConfigurationError);
  expect(check).toThrow(`"algorithm" must be PS256 or RS256 or PS384 or RS384 or PS512 or RS512`);
});

describe('the profile "fapi2" [R-91]', () => {
  test.each([
    [rsa, ['RS256', 'PS512', 'PS256'], 'PS256'],
    [rsa, undefined, 'PS256'],
    [['ES256'], undefined, 'ES256'],
    [edwards, ['Ed25519'], 'Ed25519'],
  ])('signs with a key for %j, where the metadata list %j, by %s', (fitting, supported, chosen) => {
    expect(signingAlgorithm(serverWith(supported), { fitting, profile: 'fapi2' })).toBe(chosen);
  });

  test('refuses a key that signs with nothing it allows', () => {
    const check = () => checkAlgorithm({ fitting: ['ES384'], profile: 'fapi2' });

    expect(check).toThrow('allows PS256, ES256 and EdDSA only; the key signs with ES384');
  });

  test('refuses RS256 when it is asked for', () => {
    const check = () => checkAlgorithm({ fitting: rsa, algorithm: 'RS256', profile: 'fapi2' });

    expect(check).toThrow('"algorithm" must be PS256 for this key and the profile "fapi2", not "RS256"');
  });
});
