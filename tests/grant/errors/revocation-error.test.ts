import { expect, test } from '@jest/globals';

import { ConfigurationError, GrantRejectedError, GrantUnavailableError } from '../../../src/core/errors.js';
import { revocationError } from '../../../src/grant/errors/revocation-error.js';
import { linesThatShow } from '../../support/grant-outcome.js';

const context = { authorizationServer: 'https://auth.example', clientId: 'orders', secrets: ['live-t0ken'] };

const reply = (status: number, body = '') => ({
  url: 'https://auth.example/revoke',
  status,
  headers: new Headers(),
  body,
});

test('a server that is not available leaves the token valid [R-77]', () => {
  const error = revocationError(new Error('wrapped'), { ...context, reply: reply(503, '<h1>live-t0ken</h1>') });

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(error).toMatchObject({ status: 503, retryable: true });
  expect(error.message).toBe(
    'https://auth.example did not revoke a token of client "orders" (HTTP 503); it is valid until it expires',
  );
  expect(linesThatShow('live-t0ken', error)).toEqual([]);
});

test('a refusal is named by its code [R-77]', () => {
  const error = revocationError(new Error('wrapped'), {
    ...context,
    reply: reply(400, '{"error":"unsupported_token_type"}'),
  });

  expect(error).toBeInstanceOf(GrantRejectedError);
  expect(error).toMatchObject({ status: 400, error: 'unsupported_token_type', retryable: false });
  expect(error.message).toContain('(unsupported_token_type, HTTP 400)');
});

test('a code that is the token is not repeated [F4]', () => {
  const error = revocationError(new Error('wrapped'), { ...context, reply: reply(400, '{"error":"live-t0ken"}') });

  expect(linesThatShow('live-t0ken', error)).toEqual([]);
});

test('without an answer it is the network, and what is thrown by this library stays what it is', () => {
  const refused = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } });
  const ours = new ConfigurationError('set it');

  expect(revocationError(refused, context).message).toContain('could not be reached (ECONNREFUSED)');
  expect(revocationError(new Error('wrapped', { cause: ours }), context)).toBe(ours);
});
