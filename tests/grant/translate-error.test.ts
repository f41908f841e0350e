import { describe, expect, test } from '@jest/globals';

import { GrantRejectedError, GrantUnavailableError, TokenError } from '../../src/errors.js';
import { clientSecretBasic, clientSecretPost } from '../../src/grant/client-authentication.js';
import type { TokenRequest } from '../../src/token-request.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { granting, linesThatShow, secret } from '../support/grant-outcome.js';
import type { Answer } from '../support/http-server.js';

/** The error of a grant that gets this answer. */
async function errorFor(answer: Answer, request?: TokenRequest): Promise<unknown> {
  const server = await startAuthorizationServer();
  server.script(answer);
  return granting({ tokenEndpoint: server.tokenEndpoint }).failure(request);
}

describe('a refusal', () => {
  test.each([
    ['invalid_request', 400, /check "scope", "resource", "audience" and "parameters"/],
    ['invalid_client', 401, /check the client id and the secret/],
    ['invalid_grant', 400, /check "scope"/],
    ['unauthorized_client', 400, /the client credentials grant must be enabled/],
    ['unsupported_grant_type', 400, /the client credentials grant must be enabled/],
    ['invalid_scope', 400, /the scope "orders:read" is unknown or not allowed for this client/],
    ['invalid_target', 400, /check "resource" and "audience"/],
    ['access_denied', 403, /check "scope"/],
    ['urn:example:not-registered', 400, /check "scope"/],
  ])('A6 A7 R-22 R-23 R-55 with %s is not retryable, and says what to do', async (code, status, hint) => {
    const error = await errorFor(refused(code, { status, description: 'because of this' }), { scope: 'orders:read' });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({
      name: 'GrantRejectedError',
      code: 'ERR_GRANT_REJECTED',
      retryable: false,
      status,
      error: code,
      errorDescription: 'because of this',
      message: expect.stringMatching(hint),
    });
    expect(String(error)).toContain(`to client "orders" (${code}, "because of this", HTTP ${status})`);
  });

  test('A6 for want of a scope says so', async () => {
    const error = await errorFor(refused('invalid_scope'));

    expect(String(error)).toContain('set "scope"');
  });

  test.each<[string, Answer]>([
    ['an empty 403', { status: 403 }],
    ['a 401 with text', { status: 401, headers: { 'content-type': 'text/plain' }, body: 'who are you?' }],
    ['a 404 with JSON', { status: 404, body: { message: 'no such client' } }],
    ['a 400 with a list', { status: 400, body: [1] }],
    ['a 405', { status: 405 }],
    ['the 403 of a gateway', { status: 403, headers: { 'content-type': 'text/html' }, body: '<h1>Forbidden</h1>' }],
  ])('A31 A33 that is %s is not retryable, and names its status', async (_what, answer) => {
    const error = await errorFor(answer);

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ status: answer.status, error: undefined, errorDescription: undefined });
    expect(String(error)).toContain(`(HTTP ${answer.status}): check that this is the token endpoint`);
  });

  test.each<[string, Answer]>([
    ['an unregistered code', { status: 400, body: { error: 'AADSTS7000215', error_description: 'bad secret' } }],
    [
      'text that is JSON',
      { status: 401, headers: { 'content-type': 'text/plain' }, body: '{"error":"invalid_client"}' },
    ],
    ['a byte order mark', { status: 401, body: Buffer.from('\ufeff{"error":"invalid_client"}') }],
  ])('A31 A35 is read although it has %s', async (_what, answer) => {
    const error = await errorFor(answer);

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect((error as GrantRejectedError).error).toMatch(/^(AADSTS7000215|invalid_client)$/);
  });

  test.each<[string, string | string[]]>([
    ['one', 'Basic realm="clients"'],
    ['two in one field', 'Basic realm="a, b", Bearer error="invalid_token"'],
    ['two fields', ['Basic realm="a"', 'Negotiate']],
    ['unescaped quotes', 'Basic realm="the "realm"", error="x'],
    ['nothing', ''],
    ['one of DPoP', 'DPoP error="use_dpop_nonce", algs="ES256"'],
  ])('A35 R-22 is in its body, whatever challenge it comes with: %s', async (_what, challenge) => {
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
    ['a code with a line feed', 'invalid_client\nx'],
    ['a sentence in another script', 'ошибка'],
    ['very long', 'x'.repeat(10_000)],
  ])('A34 whose "error" is %s counts by its status', async (_what, code) => {
    const refusal = await errorFor({ status: 400, body: { error: code } });
    const outage = await errorFor({ status: 500, body: { error: code } });

    expect(refusal).toBeInstanceOf(GrantRejectedError);
    expect(refusal).toMatchObject({ error: undefined });
    expect(String(refusal).length).toBeLessThan(500);
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
  ])('A29 R-22 with %s in its description is cleaned', async (_what, description, cleaned) => {
    const error = await errorFor({ status: 400, body: { error: 'invalid_scope', error_description: description } });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect((error as GrantRejectedError).errorDescription?.replaceAll(/ +/g, ' ')).toBe(cleaned);
    expect(String(error)).not.toMatch(/\p{Cc}/u);
  });

  test('A29 with a description of nearly 1 MiB is cut to 300 characters', async () => {
    const error = await errorFor(refused('invalid_scope', { description: 'long '.repeat(200_000) }));

    expect(error).toBeInstanceOf(GrantRejectedError);
    const { errorDescription = '', message } = error as GrantRejectedError;
    expect(errorDescription.startsWith('long long')).toBe(true);
    expect(errorDescription.length).toBeLessThanOrEqual(300);
    expect(message.length).toBeLessThan(1_000);
  });

  test('A28 of a polluting kind pollutes nothing and has own members only', async () => {
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
  test.each([408, 425, 429, 500, 502, 503, 504, 599])('A3 A33 is a %p: retryable', async (status) => {
    const error = await errorFor({ status, headers: { 'content-type': 'text/html' }, body: '<h1>Oops</h1>' });

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryable: true, status, retryAfterMs: undefined });
    expect(String(error)).toContain(`HTTP ${status}`);
    expect(String(error)).not.toContain('Oops');
  });

  test('A5 is a 429, and the message says "rate limited"', async () => {
    expect(String(await errorFor({ status: 429 }))).toContain('rate limited');
  });

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
  ])('A32 A33 is a %p with %p', async (status, code) => {
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
  ])('A32 is not a %p with %s: that is a refusal', async (status, code) => {
    const error = await errorFor({ status, body: { error: code } });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ retryable: false, status, error: code });
  });

  test.each([
    [503, '120', 120_000],
    [429, 'Thu, 01 Jan 2026 00:01:30 GMT', 90_000],
    [503, 'Thu, 01 Jan 1998 00:00:00 GMT', undefined],
    [500, '99999999', 3_600_000],
    [503, 'soon', undefined],
  ])('R-41 of status %p with Retry-After "%s" has it on the error', async (status, field, expected) => {
    const error = await errorFor({ status, headers: { 'retry-after': field } });

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ retryAfterMs: expected });
  });
});

describe('nothing secret is kept', () => {
  const awkward = "c4n4ry+s3cret/!(é) ~'%*";
  const spellings = [
    ['as it is', awkward],
    ['percent-encoded', encodeURIComponent(awkward)],
    ['percent-encoded in small digits', encodeURIComponent(awkward).replaceAll(/%../g, (code) => code.toLowerCase())],
    ['form-encoded', new URLSearchParams({ s: awkward }).toString().slice(2)],
  ] as const;

  test.each(spellings)('R-24 of the secret %s, should a refusal repeat it', async (_how, spelling) => {
    for (const clientAuthentication of [clientSecretBasic(awkward), clientSecretPost(awkward)]) {
      const server = await startAuthorizationServer();
      const { failure, events } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
      server.script(refused('invalid_client', { status: 401, description: `bad secret ${spelling} given` }));

      const error = await failure();

      expect(error).toMatchObject({ errorDescription: 'bad secret [redacted] given' });
      expect(linesThatShow('c4n4ry', [error, ...events])).toEqual([]);
    }
  });

  const basic = Buffer.from(`orders:${secret}`).toString('base64');

  test.each<[string, (echo: string) => Answer]>([
    ['the error code', (echo) => ({ status: 400, body: { error: echo } })],
    ['the description', (echo) => refused('invalid_client', { description: echo })],
    ['other members', (echo) => ({ status: 400, body: { error: 'x', error_uri: echo, debug: { request: echo } } })],
    ['headers', (echo) => ({ status: 401, headers: { 'x-debug': echo, 'www-authenticate': `Basic realm="${echo}"` } })],
    ['Retry-After', (echo) => ({ status: 503, headers: { 'retry-after': echo } })],
    ['a page', (echo) => ({ status: 500, headers: { 'content-type': 'text/html' }, body: `<p>${echo}</p>` })],
    ['a page with a 200', (echo) => ({ headers: { 'content-type': 'text/html' }, body: `<p>${echo}</p>` })],
    ['a content type', (echo) => ({ headers: { 'content-type': `text/html; x="${echo}"` }, body: 'x' })],
    ['JSON with a 200', (echo) => ({ body: { echo } })],
  ])('R-24 of what a server repeats in %s', async (_where, answer) => {
    for (const echo of [secret, basic, `Authorization: Basic ${basic}`]) {
      const server = await startAuthorizationServer();
      const { failure, events } = granting({ tokenEndpoint: server.tokenEndpoint });
      server.script(answer(echo));

      const error = await failure();

      expect(error).toBeInstanceOf(TokenError);
      expect(linesThatShow(secret, [error, ...events])).toEqual([]);
      expect(linesThatShow(basic, [error, ...events])).toEqual([]);
    }
  });

  test.each<[string, Answer]>([
    ['type', granted('live-t0ken', { token_type: 'live-t0ken' })],
    ['lifetime', granted('live-t0ken', { expires_in: 'live-t0ken' })],
    ['status', { ...granted('live-t0ken'), status: 500 }],
    ['characters', granted('live-t0ken\n')],
  ])('R-25 of a token that comes with a bad %s', async (_what, answer) => {
    const server = await startAuthorizationServer();
    const { failure, events } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script(answer);

    const error = await failure();

    expect(linesThatShow('live-t0ken', [error, ...events])).toEqual([]);
  });

  test('R-25 of a token that stands beside an error that repeats it', async () => {
    const error = await errorFor({
      body: { error: 'invalid_scope', error_description: 'not for live-t0ken', access_token: 'live-t0ken' },
    });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(linesThatShow('live-t0ken', error)).toEqual([]);
  });

  test('R-24 although the client id, which is no secret, is named', async () => {
    const error = await errorFor(refused('invalid_client'));

    expect(String(error)).toContain('client "orders"');
  });
});
