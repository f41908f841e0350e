import { webcrypto } from 'node:crypto';

import { expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { staticToken } from '../../src/service/static-token.js';

test('returns the same token for every request, for ever', async () => {
  const tokens = staticToken('api-k3y', { scope: 'orders:read' });

  const token = await tokens.getToken();

  expect(token).toMatchObject({ value: 'api-k3y', authorization: 'Bearer api-k3y', scope: 'orders:read' });
  expect(token.remainingMs()).toBe(Infinity);
  expect(await tokens.getToken({ scope: 'other' }, { replacing: token, minValidityMs: 1e12 })).toBe(token);
});

test('presents the token as it is told to, and one of type DPoP has its keys', async () => {
  const keyPair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);

  const token = await staticToken('api-k3y', { type: 'DPoP', keyPair }).getToken();

  expect(token.authorization).toBe('DPoP api-k3y');
  expect(token.keyPair).toBe(keyPair);
  expect(() => staticToken('api-k3y', { type: 'DPoP' })).toThrow('needs "keyPair"');
  expect(() => staticToken('api-k3y', { keyPair })).toThrow(ConfigurationError);
});

test.each(['', 'two words', 'a\r\nx-admin: 1', 'a\n', 'é', '\u0000'])(
  'refuses %j, and does not repeat it [A20]',
  (value) => {
    const make = () => staticToken(value);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow('the value of staticToken must be one or more visible ASCII characters without spaces');
  },
);

test.each<[unknown]>([[undefined], [null], [5], [{}]])(
  'refuses %p: an environment variable may be missing [F5]',
  (value) => {
    expect(() => staticToken(value as string)).toThrow(ConfigurationError);
  },
);
