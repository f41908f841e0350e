import { inspect } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import {
  type AnyTokenError,
  ConfigurationError,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  isTokenError,
  TokenError,
} from '../../src/core/errors.js';
import { linesThatShow } from '../support/grant-outcome.js';

test.each<[TokenError, string, string, boolean]>([
  [new ConfigurationError('m'), 'ConfigurationError', 'ERR_CONFIGURATION', false],
  [new GrantRejectedError('m', { status: 400 }), 'GrantRejectedError', 'ERR_GRANT_REJECTED', false],
  [new GrantUnavailableError('m'), 'GrantUnavailableError', 'ERR_GRANT_UNAVAILABLE', true],
  [new GrantUnavailableError('m', { retryable: false }), 'GrantUnavailableError', 'ERR_GRANT_UNAVAILABLE', false],
  [new InvalidTokenResponseError('m'), 'InvalidTokenResponseError', 'ERR_TOKEN_RESPONSE', true],
])('%s is told by its code, and knows whether asking again may help [R-23]', (error, name, code, retryable) => {
  expect(error).toBeInstanceOf(TokenError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name, code, retryable, message: 'm' });
  expect(String(error)).toBe(`${name}: m`);
  expect(error.stack).toContain(`${name}: m`);
});

test.each([
  ['an error', new ConfigurationError('m'), true],
  ['an error of another copy of the package', { name: 'GrantRejectedError', code: 'ERR_GRANT_REJECTED' }, true],
  ['an error of Node.js', Object.assign(new Error('m'), { code: 'ECONNREFUSED' }), false],
  ['a code of this package under another name', Object.assign(new Error('m'), { code: 'ERR_CONFIGURATION' }), false],
  ['a name without its code', { name: 'ConfigurationError', code: 'ERR_GRANT_REJECTED' }, false],
  ['a name and a code that are undefined', { name: undefined, code: undefined }, false],
  ['a name that every object has', { name: 'toString', code: 'toString' }, false],
  ['null', null, false],
  ['a text', 'ERR_CONFIGURATION', false],
])('isTokenError recognises %s', (_what, value, expected) => {
  expect(isTokenError(value)).toBe(expected);
});

test('narrows by its code', () => {
  const errors: AnyTokenError[] = [new GrantRejectedError('m', { status: 400, error: 'invalid_scope' })];
  const facts = errors.map((error) => {
    switch (error.code) {
      case 'ERR_GRANT_REJECTED':
        return error.error;
      case 'ERR_GRANT_UNAVAILABLE':
        return error.status;
      default:
        return error.retryable;
    }
  });

  expect(facts).toEqual(['invalid_scope']);
});

test('has facts in fields', () => {
  const rejected = new GrantRejectedError('m', { status: 400, error: 'invalid_scope', errorDescription: 'no' });
  const unavailable = new GrantUnavailableError('m', { status: 503, retryAfterMs: 5_000 });

  expect(rejected).toMatchObject({ status: 400, error: 'invalid_scope', errorDescription: 'no' });
  expect(unavailable).toMatchObject({ status: 503, retryAfterMs: 5_000 });
});

test('rounds the wait up to whole milliseconds', () => {
  expect(new GrantUnavailableError('m', { retryAfterMs: 992.28 }).retryAfterMs).toBe(993);
});

test('shows its code and facts in JSON', () => {
  const error = new GrantRejectedError('m', { status: 400, error: 'invalid_scope' });

  expect(JSON.parse(JSON.stringify(error))).toMatchObject({
    code: 'ERR_GRANT_REJECTED',
    status: 400,
    error: 'invalid_scope',
    retryable: false,
  });
});

test('has no cause unless there is one', () => {
  expect(new GrantUnavailableError('m')).not.toHaveProperty('cause');
});

describe('a cause', () => {
  test('is kept by name, message and code, all the way down, and by nothing else [F4 R-24]', () => {
    const response = { headers: { authorization: 'Basic s3cret' } };
    const inner = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', config: response });
    const outer = Object.assign(new TypeError('fetch failed', { cause: inner }), { request: response, response });

    const error = new GrantUnavailableError('m', { cause: outer });

    expect(error.cause).toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
      cause: { name: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
    });
    expect(linesThatShow('s3cret', error)).toEqual([]);
    expect(inspect(error)).toContain('connect ECONNREFUSED');
  });

  test('does not bring the stack of the original, which repeats what its message was [F4]', () => {
    const original = new Error('s3cret');
    original.message = 'fetch failed';

    expect(linesThatShow('s3cret', new GrantUnavailableError('m', { cause: original }))).toEqual([]);
  });

  test('that is one of ours is kept as it is', () => {
    const cause = new ConfigurationError('inner');

    expect(new GrantUnavailableError('outer', { cause }).cause).toBe(cause);
  });

  test('from another realm is kept as well', () => {
    const foreign = { name: 'TypeError', message: 'fetch failed', code: 'X', cause: { message: 'inner' } };

    expect(new GrantUnavailableError('m', { cause: foreign }).cause).toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
      code: 'X',
      cause: { name: 'Error', message: 'inner' },
    });
  });

  test.each<[string, unknown]>([
    ['a string', 'Basic s3cret'],
    ['a number', 5],
    ['null', null],
    ['an object', { authorization: 's3cret' }],
    ['odd members', { name: 5, message: { s3cret: 1 }, code: 7 }],
  ])('that is %s is kept as unknown [F4 R-24]', (_what, cause) => {
    const error = new GrantUnavailableError('m', { cause });

    expect(error.cause).toMatchObject({ name: 'Error', message: 'unknown cause' });
    expect(linesThatShow('s3cret', error)).toEqual([]);
  });

  test('that is its own cause does not go on for ever', () => {
    const cause = new Error('ouroboros');
    cause.cause = cause;

    expect(new GrantUnavailableError('m', { cause }).cause).toMatchObject({ message: 'ouroboros' });
  });
});
