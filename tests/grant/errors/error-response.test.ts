import { describe, expect, test } from '@jest/globals';

import { GrantRejectedError, GrantUnavailableError } from '../../../src/core/errors.js';
import { refused } from '../../support/authorization-server.js';
import { errorFor } from '../../support/grant-outcome.js';
import type { Answer } from '../../support/http-server.js';

describe('an error response', () => {
  test.each<[string, Answer]>([
    [
      'JSON sent as text',
      { status: 401, headers: { 'content-type': 'text/plain' }, body: '{"error":"invalid_client"}' },
    ],
    ['JSON after a byte order mark', { status: 401, body: Buffer.from('\ufeff{"error":"invalid_client"}') }],
  ])('is read although it is %s [A31 A35]', async (_what, answer) => {
    const error = await errorFor(answer);

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ error: 'invalid_client' });
  });

  test.each(['invalid_client', 'urn:example:code', 'AADSTS7000215', 'with spaces', "it's!", 'x'.repeat(100)])(
    'may have the code %j [A31 R-22]',
    async (code) => {
      expect(await errorFor({ status: 400, body: { error: code } })).toMatchObject({ error: code });
    },
  );

  test.each<[string, string | string[]]>([
    ['one', 'Basic realm="clients"'],
    ['two in one field', 'Basic realm="a, b", Bearer error="invalid_token"'],
    ['two fields', ['Basic realm="a"', 'Negotiate']],
    ['unescaped quotes', 'Basic realm="the "realm"", error="x'],
    ['nothing', ''],
    ['one of DPoP', 'DPoP error="use_dpop_nonce", algs="ES256"'],
  ])('is read from the body, whatever challenge comes with it: %s [A35 R-22]', async (_what, challenge) => {
    const error = await errorFor({
      ...refused('invalid_client', { status: 401 }),
      headers: { 'www-authenticate': challenge },
    });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ error: 'invalid_client', status: 401 });
  });

  test.each([
    ['a number', 400],
    ['an object', { code: 'invalid_client' }],
    ['a list', ['invalid_client']],
    ['null', null],
    ['true', true],
    ['empty', ''],
    ['a code with a quote', 'invalid"client'],
    ['a code with a backslash', 'invalid\\client'],
    ['a code with a line feed at its end', 'invalid_client\n'],
    ['a code with a line feed', 'invalid_client\nx'],
    ['a sentence in another script', 'ошибка'],
    ['too long', 'x'.repeat(101)],
    ['very long', 'x'.repeat(10_000)],
  ])('whose "error" is %s is judged by its status [A34]', async (_what, code) => {
    const rejection = await errorFor({ status: 400, body: { error: code } });
    const outage = await errorFor({ status: 500, body: { error: code } });

    expect(rejection).toBeInstanceOf(GrantRejectedError);
    expect(rejection).toMatchObject({ error: undefined });
    expect(String(rejection).length).toBeLessThan(500);
    expect(outage).toBeInstanceOf(GrantUnavailableError);
  });

  test.each([
    ['control characters', 'a\u0000b\r\nc\u001b[31md\u007fe', 'a b c [31md e'],
    ['quotes and backslashes', 'say "no" \\ go', 'say no go'],
    ['HTML', '<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['another script', 'geht nicht: ümläut', 'geht nicht: ml ut'],
    ['only such characters', '\n\t', undefined],
    ['a list', ['a'], undefined],
    ['a number', 5, undefined],
  ])('with %s in its description is cleaned [A29 R-22]', async (_what, description, cleaned) => {
    const error = await errorFor({ status: 400, body: { error: 'invalid_scope', error_description: description } });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect((error as GrantRejectedError).errorDescription?.replaceAll(/ +/g, ' ')).toBe(cleaned);
    expect(String(error)).not.toMatch(/\p{Cc}/u);
  });

  test('with a description of nearly 1 MiB is cut to 300 characters [A29]', async () => {
    const error = await errorFor(refused('invalid_scope', { description: 'long '.repeat(200_000) }));

    expect(error).toBeInstanceOf(GrantRejectedError);
    const { errorDescription = '', message } = error as GrantRejectedError;
    expect(errorDescription.startsWith('long long')).toBe(true);
    expect(errorDescription.length).toBeLessThanOrEqual(300);
    expect(message.length).toBeLessThan(1_000);
  });

  test('with members of Object.prototype pollutes nothing and is read by its own members only [A28]', async () => {
    const error = await errorFor({
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: '{"__proto__":{"error":"invalid_client","polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    });

    expect(error).toMatchObject({ error: undefined, status: 400 });
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('an outage', () => {
  test.each([
    [400, 'server_error'],
    [400, 'temporarily_unavailable'],
    [200, 'server_error'],
    [500, 'server_error'],
    [503, 'temporarily_unavailable'],
    [500, 'unheard_of'],
    [501, undefined],
    [429, 'access_denied'],
    [429, 'invalid_client'],
  ])('is a %p with %p [A32 A33]', async (status, code) => {
    const error = await errorFor({ status, body: { error: code } });

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ retryable: true, status });
  });

  test.each([
    [500, 'invalid_client'],
    [500, 'invalid_request'],
    [501, 'unsupported_grant_type'],
    [503, 'invalid_scope'],
    [500, 'unauthorized_client'],
    [500, 'invalid_target'],
    [500, 'access_denied'],
  ])('is not a %p with %s: that is a rejection [A32]', async (status, code) => {
    const error = await errorFor({ status, body: { error: code } });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ retryable: false, status, error: code });
  });
});
