import { expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { CanonicalTokenRequest, requestKey, type TokenRequest } from '../../src/core/token-request.js';
import type { GetTokenOptions } from '../../src/core/token-source.js';
import { withDefaultRequest } from '../../src/layers/default-request.js';
import { withFastPath } from '../../src/layers/fast-path.js';
import { tokenCache } from '../../src/layers/token-cache.js';
import { tokenSourceContract } from '../contracts/token-source.js';
import { manualSource } from '../support/tokens.js';

tokenSourceContract('withDefaultRequest', withDefaultRequest());

const asked = (defaults: TokenRequest | undefined, ...requests: readonly (TokenRequest | undefined)[]) => {
  const source = manualSource();
  const tokens = withDefaultRequest(defaults)(source);
  requests.forEach((request) => void tokens.getToken(request));
  return source.calls.map(({ request }) => request as CanonicalTokenRequest);
};

test('uses the default for a call without a token request', () => {
  const [request] = asked({ scope: 'a', audience: 'x' }, undefined);

  expect(request).toMatchObject({ scope: 'a', audience: ['x'] });
});

test('fills in the members that a call leaves out', () => {
  const [request] = asked({ scope: 'a', audience: 'x' }, { scope: 'b', audience: undefined });

  expect(request).toMatchObject({ scope: 'b', audience: ['x'] });
});

test('lets a call override the default scope with none', () => {
  const [request] = asked({ scope: 'a' }, { scope: '' });

  expect(request?.scope).toBeUndefined();
});

test('gives a call that repeats the default the same key', () => {
  const [byDefault, spelt] = asked({ scope: 'b a' }, undefined, { scope: ['a', 'b'] });

  expect(spelt?.key).toBe(byDefault?.key);
});

test('reads a token request for each call, because it may have changed [D1]', () => {
  const source = manualSource();
  const tokens = withDefaultRequest()(source);
  const scopes = ['a'];
  const request = Object.freeze({ audience: 'x', scope: scopes });

  void tokens.getToken(request);
  scopes[0] = 'b';
  void tokens.getToken(request);

  expect(source.calls.map(({ request: each }) => each?.scope)).toEqual(['a', 'b']);
});

test('refuses a malformed default at construction [R-13]', () => {
  expect(() => withDefaultRequest({ scope: 'a\\b' })).toThrow(ConfigurationError);
});

test('passes on a canonical token request, which holds the key for the inner layers', () => {
  const [request] = asked({ scope: 'a' }, undefined);

  expect(request).toBeInstanceOf(CanonicalTokenRequest);
  expect(requestKey(request)).toBe(requestKey({ scope: 'a' }));
});

test('can wrap another one: the defaults of the outer layer take precedence', () => {
  const source = manualSource();
  const inner = withDefaultRequest({ audience: 'x', scope: 'inner' })(source);
  const tokens = withDefaultRequest({ scope: 'outer' })(inner);

  void tokens.getToken();
  void tokens.getToken({ resource: 'https://api.example/' });

  expect(source.calls.map(({ request }) => request)).toMatchObject([
    { scope: 'outer', audience: ['x'], resource: [] },
    { scope: 'outer', audience: ['x'], resource: ['https://api.example/'] },
  ]);
});

test('keeps its defaults if the caller changes their object [D1]', () => {
  const scope = ['a'];
  const source = manualSource();
  const tokens = withDefaultRequest({ scope })(source);

  scope.push('b');
  void tokens.getToken({ audience: 'x' });

  expect(source.calls[0]?.request?.scope).toBe('a');
});

test.each<[string, unknown, RegExp]>([
  ['null', null, /getToken needs an object of options/],
  [
    'a minimum validity that is no number',
    { minValidityMs: Number('abc') },
    /"minValidityMs" of getToken must be a number of at least 0/,
  ],
  ['a negative minimum validity', { minValidityMs: -1 }, /"minValidityMs"/],
  [
    'a controller in place of its signal',
    { signal: new AbortController() },
    /"signal" of getToken must be an object with/,
  ],
  ['a text in place of a token', { replacing: 'token' }, /"replacing" of getToken/],
  ['a misspelt name', { minValidity: 5 }, /did you mean "minValidityMs"/],
])('rejects a call whose options are malformed: %s [F17]', async (_what, options, message) => {
  const source = manualSource();
  const tokens = withFastPath(tokenCache())(withDefaultRequest()(source));

  const error: unknown = await tokens
    .getToken(undefined, options as GetTokenOptions)
    .catch((reason: unknown) => reason);

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toMatch(message);
  expect(source.calls).toEqual([]);
});
