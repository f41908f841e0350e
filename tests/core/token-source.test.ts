import { expect, test } from '@jest/globals';

import type { AccessToken } from '../../src/core/access-token.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { compose, isUsable, type Layer } from '../../src/core/token-source.js';
import { withCache } from '../../src/layers/cache.js';
import { withNegativeCache } from '../../src/layers/negative-cache.js';
import { withRateLimit } from '../../src/layers/rate-limit.js';
import { withRetry } from '../../src/layers/retry.js';
import { tokenCache } from '../../src/layers/token-cache.js';
import { fakeClock } from '../support/clock.js';
import { issue } from '../support/tokens.js';

test('compose puts the layers around the source, the first one innermost', async () => {
  const order: string[] = [];
  const layer =
    (name: string): Layer =>
    (inner) => ({
      getToken(request, options) {
        order.push(name);
        return inner.getToken(request, options);
      },
    });
  const token = issue('a', fakeClock());

  const answer = compose({ getToken: () => Promise.resolve(token) }, layer('inner'), layer('outer')).getToken();

  expect(await answer).toBe(token);
  expect(order).toEqual(['outer', 'inner']);
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a text', 's3cret'],
  ['a token response', { access_token: 's3cret', expires_in: 60 }],
  ['an object with a value', { value: 's3cret' }],
  ['an object without an expiry', { value: 's3cret', type: 'Bearer', authorization: 'Bearer s3cret' }],
])('layers over a source that returns %s fail with an error that says so [E39]', async (_what, returned) => {
  const clock = fakeClock();
  const source = { getToken: () => Promise.resolve(returned as AccessToken) };
  const layers = [withRateLimit({ clock }), withRetry({ clock }), withNegativeCache({ clock })];

  const error: unknown = await compose(source, ...layers, withCache(tokenCache({ clock })))
    .getToken()
    .catch((reason: unknown) => reason);

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toMatch(/"source" of compose returned no AccessToken/);
  expect(String(error)).not.toContain('s3cret');
});

test('a token is usable until it expires', () => {
  const clock = fakeClock();
  const token = issue('a', clock, 1_000);

  clock.advance(999);
  expect(isUsable(token, {}, clock)).toBe(true);
  clock.advance(1);
  expect(isUsable(token, {}, clock)).toBe(false);
});

test('a token is usable for a call that needs less than what is left of it [D22]', () => {
  const clock = fakeClock();
  const token = issue('a', clock, 1_000);

  expect(isUsable(token, { minValidityMs: 999 }, clock)).toBe(true);
  expect(isUsable(token, { minValidityMs: 1_000 }, clock)).toBe(false);
});

test('a token is not usable in place of itself, nor of one with the same value [E1]', () => {
  const clock = fakeClock();
  const token = issue('a', clock);

  expect(isUsable(token, { replacing: token }, clock)).toBe(false);
  expect(isUsable(token, { replacing: issue('a', clock) }, clock)).toBe(false);
  expect(isUsable(token, { replacing: issue('b', clock) }, clock)).toBe(true);
});
