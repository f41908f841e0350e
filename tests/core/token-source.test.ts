import { expect, test } from '@jest/globals';

import { compose, isUsable, type Layer } from '../../src/core/token-source.js';
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
