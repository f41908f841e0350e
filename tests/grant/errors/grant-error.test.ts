import { describe, expect, test } from '@jest/globals';

import { clientSecretBasic, clientSecretPost } from '../../../src/authentication/client-secret.js';
import { GrantRejectedError, GrantUnavailableError, TokenError } from '../../../src/core/errors.js';
import { granted, refused, startAuthorizationServer } from '../../support/authorization-server.js';
import { errorFor, granting, linesThatShow, secret } from '../../support/grant-outcome.js';
import type { Answer } from '../../support/http-server.js';

describe('a rejected grant', () => {
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
  ])('with %s is a final error that says what to do [A6 A7 R-22 R-23 R-55]', async (code, status, hint) => {
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
    expect(String(error)).toContain(`of client "orders" (${code}, "because of this", HTTP ${status})`);
  });

  test.each([
    ['access_denied', 401, /: check the client id and the secret.*; or check "scope"/],
    ['invalid_credentials', 401, /: check the client id and the secret/],
    ['access_denied', 403, /: check "scope".*; some servers also report a wrong client id or secret/],
    ['invalid_request', 400, /: check "scope".*; some servers also report a wrong client id or secret/],
    ['E1234', 400, /: check "scope".*; some servers also report a wrong client id or secret/],
    ['invalid_grant', 400, /: check "scope"[^;]*; some servers report in this way that DPoP is required/],
  ])('with %s and %d says whether the client may be wrong [A46]', async (code, status, advice) => {
    expect(String(await errorFor(refused(code, { status })))).toMatch(advice);
  });

  test('by a redirect names the option for the URL', async () => {
    const error = await errorFor({ status: 307, headers: { location: '/other' } });

    expect(String(error)).toContain('set "tokenEndpoint" to the URL that responds without a redirect');
  });

  test.each<[string, Answer]>([
    ['a code of a web framework', { status: 404, body: { error: 'Not Found' } }],
    ['no code', { status: 410, body: { message: 'gone' } }],
    ['a code and a 405', { status: 405, body: { error: 'method_not_allowed' } }],
  ])('that tells a wrong URL, with %s, says to check the token endpoint [A50]', async (_what, answer) => {
    expect(String(await errorFor(answer))).toContain('check that this is the token endpoint');
  });

  test.each([
    ['invalid_client', 401],
    ['unauthorized_client', 401],
    ['invalid_request', 400],
    ['access_denied', 403],
    ['wrong_secret', 400],
    [undefined, 401],
    [undefined, 403],
  ])('with %s and %d says why a correct secret may be misread [A46 A50]', async (code, status) => {
    const server = await startAuthorizationServer();
    server.script({ status, body: code === undefined ? '' : { error: code } });
    const { failure } = granting({
      tokenEndpoint: server.tokenEndpoint,
      clientAuthentication: clientSecretBasic('a+b'),
    });

    expect(String(await failure())).toContain('try clientSecretBasic(secret, { encoding })');
  });

  test.each([
    ['invalid_scope', 400],
    ['invalid_target', 400],
    ['unsupported_grant_type', 400],
    [undefined, 407],
  ])('with %s and %d does not mention the encoding of the secret [A50]', async (code, status) => {
    const server = await startAuthorizationServer();
    server.script({ status, body: code === undefined ? '' : { error: code } });
    const { failure } = granting({
      tokenEndpoint: server.tokenEndpoint,
      clientAuthentication: clientSecretBasic('a+b'),
    });

    expect(String(await failure())).not.toContain('encoding');
  });

  test.each([
    [400, /: the client credentials grant must be enabled for this client; some servers also report a wrong secret/],
    [401, /: check the client id and the secret.*; or the client credentials grant is not enabled for this client/],
  ])('names the likelier reason for unauthorized_client with %d first [A46]', async (status, advice) => {
    expect(String(await errorFor(refused('unauthorized_client', { status })))).toMatch(advice);
  });

  test('without a scope says how to set it [A6]', async () => {
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
  ])('that is %s is a final error that names its status [A31 A33]', async (_what, answer) => {
    const error = await errorFor(answer);

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ status: answer.status, error: undefined, errorDescription: undefined });
    expect(String(error)).toContain(`(HTTP ${answer.status}): check that this is the token endpoint`);
  });
});

describe('an outage', () => {
  test.each([408, 425, 429, 500, 502, 503, 504, 599])('is a %p: retryable [A3 A33]', async (status) => {
    const error = await errorFor({ status, headers: { 'content-type': 'text/html' }, body: '<h1>Oops</h1>' });

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryable: true, status, retryAfterMs: undefined });
    expect(String(error)).toContain(`HTTP ${status}`);
    expect(String(error)).not.toContain('Oops');
  });

  test('is a 429, and the message says "rate limited" [A5]', async () => {
    expect(String(await errorFor({ status: 429 }))).toContain('rate limited');
  });

  test.each([
    [503, '120', 120_000],
    [429, 'Thu, 01 Jan 2026 00:01:30 GMT', 90_000],
    [503, 'Thu, 01 Jan 1998 00:00:00 GMT', undefined],
    [500, '99999999', 3_600_000],
    [503, 'soon', undefined],
  ])('of status %p with Retry-After "%s" has it on the error [R-41]', async (status, field, expected) => {
    const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
    const error = await errorFor({ status, headers: { 'retry-after': field, date } });

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ retryAfterMs: expected });
  });
});

describe('no secret appears', () => {
  const awkward = "c4n4ry+s3cret/!(é) ~'%*";
  const spellings = [
    ['unchanged', awkward],
    ['percent-encoded', encodeURIComponent(awkward)],
    ['percent-encoded in small digits', encodeURIComponent(awkward).replaceAll(/%../g, (code) => code.toLowerCase())],
    ['form-encoded', new URLSearchParams({ s: awkward }).toString().slice(2)],
  ] as const;

  test.each(spellings)('if an error response repeats the client secret %s [R-24]', async (_how, spelling) => {
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
  ])('if the server repeats it in %s [R-24]', async (_where, answer) => {
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
  ])('if a token response has a bad %s [R-25]', async (_what, answer) => {
    const server = await startAuthorizationServer();
    const { failure, events } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script(answer);

    const error = await failure();

    expect(linesThatShow('live-t0ken', [error, ...events])).toEqual([]);
  });

  test('if an error description repeats the token beside it [R-25]', async () => {
    const error = await errorFor({
      body: { error: 'invalid_scope', error_description: 'not for live-t0ken', access_token: 'live-t0ken' },
    });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(linesThatShow('live-t0ken', error)).toEqual([]);
  });

  test('but the client id, which is no secret [R-24]', async () => {
    const error = await errorFor(refused('invalid_client'));

    expect(String(error)).toContain('client "orders"');
  });
});
