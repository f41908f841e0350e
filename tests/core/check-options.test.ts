import { describe, expect, test } from '@jest/globals';

import {
  anyFunction,
  anyBoolean,
  anyObject,
  checkOptions,
  durationMs,
  functionOrObject,
  listOfStrings,
  nonEmptyString,
  numberIn,
  oneOf,
  positiveInteger,
  stringOrFunction,
  stringOrStrings,
} from '../../src/core/check-options.js';
import { ConfigurationError } from '../../src/core/errors.js';

const checks = { clientId: nonEmptyString, timeoutMs: durationMs };

test('takes known names with fitting values, and undefined for any', () => {
  expect(() => checkOptions('make', {}, checks)).not.toThrow();
  expect(() => checkOptions('make', { clientId: 'a', timeoutMs: undefined }, checks)).not.toThrow();
});

test.each([[undefined], [null], ['a'], [5], [[]], [() => {}]])('refuses %p in place of options [F10]', (options) => {
  expect(() => checkOptions('make', options, checks)).toThrow(ConfigurationError);
  expect(() => checkOptions('make', options, checks)).toThrow('make needs an object of options');
});

test.each([
  ['clientID', 'did you mean "clientId"?'],
  ['client_id', 'did you mean "clientId"?'],
  ['timeout', 'did you mean "timeoutMs"?'],
  ['zzz', 'its options are clientId, timeoutMs'],
  ['constructor', 'its options are clientId, timeoutMs'],
  ['toString', 'its options are clientId, timeoutMs'],
])('an unknown name, "%s", is refused: %s [F10]', (name, hint) => {
  const check = () => checkOptions('make', { [name]: undefined }, checks);

  expect(check).toThrow(ConfigurationError);
  expect(check).toThrow(`make has no option "${name}"; ${hint}`);
});

test('a value that does not fit is refused, and not repeated: it may be the secret [F10]', () => {
  const check = () => checkOptions('make', { clientId: ['s3cret'] }, checks);

  expect(check).toThrow(ConfigurationError);
  expect(check).toThrow('"clientId" of make must be a non-empty string');
  expect(check).not.toThrow('s3cret');
});

describe('the check', () => {
  const samples: Readonly<Record<string, unknown>> = {
    'a function': () => {},
    'an object': {},
    'a list': [],
    'a list of strings': ['a'],
    'a list of numbers': [1],
    'a string': 'a',
    'an empty string': '',
    null: null,
    true: true,
    '0': 0,
    '0.5': 0.5,
    '1': 1,
    '1.5': 1.5,
    '-1': -1,
    NaN: NaN,
    Infinity: Infinity,
    '2^31-1': 2 ** 31 - 1,
    '2^31': 2 ** 31,
  };

  test.each([
    ['anyFunction', anyFunction, ['a function']],
    ['anyBoolean', anyBoolean, ['true']],
    ['anyObject', anyObject, ['an object']],
    ['functionOrObject', functionOrObject, ['a function', 'an object']],
    ['nonEmptyString', nonEmptyString, ['a string']],
    ['stringOrFunction', stringOrFunction, ['a function', 'a string']],
    ['listOfStrings', listOfStrings, ['a list', 'a list of strings']],
    ['stringOrStrings', stringOrStrings, ['a list', 'a list of strings', 'a string', 'an empty string']],
    ['positiveInteger', positiveInteger, ['1', '2^31-1', '2^31']],
    ['durationMs', durationMs, ['1', '1.5', '2^31-1']],
    ['numberIn(0, 0.5)', numberIn(0, 0.5), ['0.5']],
    ['oneOf', oneOf('a', 'b'), ['a string']],
  ])('%s takes what fits, and says what it expects [C7 F10]', (_name, check, fitting) => {
    const taken = Object.keys(samples).filter((name) => check(samples[name]) === undefined);

    expect(taken.toSorted()).toEqual(fitting.toSorted());
    expect(check(Symbol('none'))).toMatch(/^(an? |"a" or "b")/);
  });
});
