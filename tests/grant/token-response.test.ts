import { describe, expect, test } from '@jest/globals';

import { GrantRejectedError, InvalidTokenResponseError } from '../../src/core/errors.js';
import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { granting, linesThatShow } from '../support/grant-outcome.js';
import type { Answer } from '../support/http-server.js';

/** A token source at a token endpoint with this response. */
async function answeredWith(answer: Answer) {
  const server = await startAuthorizationServer();
  server.script(answer);
  return { server, ...granting({ tokenEndpoint: server.tokenEndpoint }) };
}

const json = { 'content-type': 'application/json' };

/** A token response as text, with the member `expires_in` as it is written here. */
const expiringIn = (written: string): Answer => ({
  headers: json,
  body: `{"access_token":"live-t0ken","token_type":"Bearer","expires_in":${written}}`,
});

describe('the lifetime', () => {
  test.each([
    ['3600', 3_600_000],
    ['"3600"', 3_600_000],
    ['3599.5', 3_599_500],
    ['1', 1_000],
    ['0', 0],
    ['"0"', 0],
    ['315360000', 315_360_000_000],
  ])('of "expires_in": %s is read [A12 R-18]', async (written, lifetimeMs) => {
    const { tokens, clock } = await answeredWith(expiringIn(written));

    const token = await tokens.getToken();

    expect(token.remainingMs(clock)).toBe(lifetimeMs);
  });

  test.each(['-1', '"-1"', 'null', '"soon"', '""', '"1e3"', '"36.5"', 'true', '{}', '[]', '[3600]', '1e999', '"NaN"'])(
    'of "expires_in": %s is rejected [A12]',
    async (written) => {
      const { failure } = await answeredWith(expiringIn(written));

      const error = await failure();

      expect(error).toBeInstanceOf(InvalidTokenResponseError);
      expect(String(error)).toContain('expires_in');
      expect(linesThatShow('live-t0ken', error)).toEqual([]);
    },
  );

  test.each(['1798761600', '"1798761600"', '1798761600000', '1451865600', '2082585600'])(
    'of "expires_in": %s, a Unix time within ten years of now, is rejected [A13 A43]',
    async (written) => {
      const { failure } = await answeredWith(expiringIn(written));

      const error = await failure();

      expect(error).toBeInstanceOf(InvalidTokenResponseError);
      expect(String(error)).toContain('"expires_in" is a date; it must be a number of seconds (RFC 6749 §5.1)');
    },
  );

  test.each([
    '2147483647',
    '"2147483647"',
    '9223372036854775',
    '9223372036854775807',
    '315360001',
    '1e12',
    '4294967295',
  ])(
    'of "expires_in": %s, which means that the token never expires, is 24 hours, and an event says so [A43 A12]',
    async (written) => {
      const { tokens, clock, events } = await answeredWith(expiringIn(written));

      const token = await tokens.getToken({ scope: 'a' });

      expect(token.remainingMs(clock)).toBe(24 * 3_600_000);
      expect(events.at(-1)).toEqual({
        type: 'token.lifetime_capped',
        requestedScope: 'a',
        scope: token.scope,
        announcedSeconds: Number(written.replaceAll('"', '')),
      });
    },
  );

  test('of "expires_in": 2147483647 is 24 hours also after 2028, when it is a Unix time within ten years of now [A43]', async () => {
    const { tokens, clock } = await answeredWith(expiringIn('2147483647'));
    clock.step(5 * 365 * 24 * 3_600_000);

    const token = await tokens.getToken();

    expect(token.remainingMs(clock)).toBe(24 * 3_600_000);
  });

  test('is five minutes without "expires_in", or the default of the options [A11 R-18]', async () => {
    const { tokens, server, clock } = await answeredWith({ body: { access_token: 't', token_type: 'bearer' } });
    const other = granting({ tokenEndpoint: server.tokenEndpoint, defaultLifetimeSeconds: 20 });

    const token = await tokens.getToken();
    const short = await other.tokens.getToken();

    expect(token.remainingMs(clock)).toBe(300_000);
    expect(short.remainingMs(other.clock)).toBe(20_000);
  });
});

describe('the token type', () => {
  test.each(['Bearer', 'bearer', 'BEARER'])('%s is Bearer [A18 R-17]', async (type) => {
    const { tokens } = await answeredWith(granted('t', { token_type: type }));

    const token = await tokens.getToken();

    expect(token.authorization).toBe('Bearer t');
  });

  test.each([
    ['absent', undefined],
    ['empty', ''],
    ['null', null],
    ['a number', 1],
    ['mac', 'mac'],
    ['N_A', 'N_A'],
    ['DPoP, without a proof', 'DPoP'],
    ['a member of Object.prototype', 'constructor'],
  ])('that is %s is rejected, and the token is not shown [A18 R-16 R-17 R-24]', async (_what, type) => {
    const { failure } = await answeredWith(granted('live-t0ken', { token_type: type }));

    const error = await failure();

    expect(error).toBeInstanceOf(InvalidTokenResponseError);
    expect(error).toMatchObject({ code: 'ERR_TOKEN_RESPONSE', retryable: true });
    expect(linesThatShow('live-t0ken', error)).toEqual([]);
  });
});

/** Spellings that servers use for Bearer. */
const oddTypes: [string, unknown, string][] = [
  ['missing', undefined, 'is missing'],
  ['null', null, 'is null'],
  ['empty', '', 'is empty'],
  ['BearerToken', 'BearerToken', 'is "BearerToken"'],
  ['Application Access Token', 'Application Access Token', 'is "Application Access Token"'],
  ['jwt-bearer', 'jwt-bearer', 'is "jwt-bearer"'],
  ['Bearer and a space', 'bearer ', 'is "bearer", with white space around it,'],
  ['a number', 1, 'is 1'],
  ['control characters', 'Bea\u0007\nrer', 'is "Bea rer"'],
  ['very long', 'x'.repeat(10_000), `is "${'x'.repeat(299)}…"`],
];

describe('an odd token type', () => {
  test.each(oddTypes)(
    'that is %s is named in the error, with the option that accepts it [A42]',
    async (_what, type, said) => {
      const { failure } = await answeredWith(granted('live-t0ken', { token_type: type }));

      const error = await failure();

      expect(error).toBeInstanceOf(InvalidTokenResponseError);
      expect(String(error)).toContain(`its "token_type" ${said} instead of "Bearer"`);
      expect(String(error)).toContain('if its tokens are Bearer tokens, set "assumeBearer: true"');
      expect(linesThatShow('live-t0ken', error)).toEqual([]);
    },
  );

  test.each(oddTypes)('that is %s counts as Bearer with "assumeBearer" [A42]', async (_what, type) => {
    const { server } = await answeredWith(granted('t', { token_type: type }));
    const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, assumeBearer: true });

    const token = await tokens.getToken();

    expect(token.authorization).toBe('Bearer t');
  });

  test.each(['DPoP', 'mac', 'MAC', 'pop', 'N_A', 'n_a '])(
    '%s does not count as Bearer, and "assumeBearer" is not recommended [A42 R-17]',
    async (type) => {
      const { server, failure } = await answeredWith(granted('t', { token_type: type }));
      const assuming = granting({ tokenEndpoint: server.tokenEndpoint, assumeBearer: true });

      const errors = [await failure(), await assuming.failure()];

      for (const error of errors) {
        expect(error).toBeInstanceOf(InvalidTokenResponseError);
        expect(String(error)).toContain(`"token_type" is ${type === 'DPoP' ? 'DPoP' : `"${type.trim()}"`}`);
        expect(String(error)).not.toContain('assumeBearer');
      }
    },
  );
});

describe('the token', () => {
  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['null', null],
    ['a number', 5],
    ['an object', { value: 't' }],
  ])('that is %s is an invalid response [R-16]', async (_what, value) => {
    const { failure } = await answeredWith({ body: { access_token: value, token_type: 'Bearer', expires_in: 60 } });

    expect(await failure()).toBeInstanceOf(InvalidTokenResponseError);
  });

  test.each([
    ['CR LF', 'live-t0ken\r\nx-admin: 1'],
    ['a line feed at its end', 'live-t0ken\n'],
    ['a space', 'live-t0ken x'],
    ['a tab', 'live-t0ken\tx'],
    ['a null byte', 'live-t0ken\0'],
    ['é', 'live-t0kené'],
    ['an emoji', 'live-t0ken😀'],
  ])('with %s is rejected and not shown [A20 R-25]', async (_what, value) => {
    const { failure } = await answeredWith(granted(value));

    const error = await failure();

    expect(error).toBeInstanceOf(InvalidTokenResponseError);
    expect(String(error)).toContain('"access_token" cannot be sent in a header');
    expect(linesThatShow('live-t0ken', error)).toEqual([]);
  });

  test('may have 16 KiB [R-20]', async () => {
    const value = 'x'.repeat(16 * 1_024);
    const { tokens } = await answeredWith(granted(value));

    const token = await tokens.getToken();

    expect(token.value).toBe(value);
  });

  test('may be the same as before [A37]', async () => {
    const { tokens, clock } = await answeredWith(granted('same', { expires_in: 59 }));

    const [first, second] = [await tokens.getToken(), await tokens.getToken()];

    expect([first.value, second.value]).toEqual(['same', 'same']);
    expect(second.remainingMs(clock)).toBe(59_000);
  });
});

test.each([
  ['a string', 'r3fresh'],
  ['null', null],
  ['a number', 7],
])('ignores a refresh token that is %s [A27 R-21]', async (_what, refresh) => {
  const { tokens } = await answeredWith(granted('t', { refresh_token: refresh, id_token: null }));

  const token = await tokens.getToken();

  expect(token.value).toBe('t');
  expect(linesThatShow('r3fresh', token)).toEqual([]);
});

test.each([
  ['an error', { error: 'invalid_scope', error_description: 'no' }],
  ['an error and members that are null', { error: 'invalid_scope', access_token: null, expires_in: null }],
  ['an error beside a token', { error: 'invalid_scope', access_token: 'live-t0ken', token_type: 'Bearer' }],
])('treats a 200 with %s as an error response [A8 R-22]', async (_what, body) => {
  const { failure } = await answeredWith({ body });

  const error = await failure();

  expect(error).toBeInstanceOf(GrantRejectedError);
  expect(error).toMatchObject({ status: 200, error: 'invalid_scope', retryable: false });
  expect(linesThatShow('live-t0ken', error)).toEqual([]);
});

test.each([
  ['null', null],
  ['empty', ''],
  ['a number', 0],
  ['an object', {}],
])('accepts a token beside an "error" that is %s [A34]', async (_what, error) => {
  const { tokens } = await answeredWith(granted('t', { error }));

  await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
});

test.each([
  ['nothing', { body: '' }, '"none"'],
  ['nothing, as JSON', { headers: json, body: '' }, 'not JSON'],
  ['HTML', { headers: { 'content-type': 'text/html' }, body: '<h1>Sign in</h1>' }, '"text/html"'],
  ['truncated JSON', { headers: json, body: '{"access_token":"live-t0ken","token' }, 'not JSON'],
  ['NaN', { headers: json, body: '{"access_token":"live-t0ken","token_type":"Bearer","expires_in":NaN}' }, 'not JSON'],
  ['a list', { headers: json, body: '[]' }, 'not a token response'],
  ['null', { headers: json, body: 'null' }, 'not a token response'],
  ['a string', { headers: json, body: '"live-t0ken"' }, 'not a token response'],
  ['an empty object', { headers: json, body: '{}' }, 'not a token response'],
  ['a 201 without a token', { status: 201, body: { id: 7 } }, '201, but its body is not a token response'],
  ['a 202 with a page', { status: 202, headers: { 'content-type': 'text/html' }, body: 'wait' }, '202, but with'],
  ['a 204', { status: 204 }, '204'],
])('a success with %s is no token; the next grant tries again [A9 A33]', async (_what, answer, said) => {
  const { server, tokens, failure } = await answeredWith(answer);

  const error = await failure();
  server.script(granted('recovered'));

  expect(error).toBeInstanceOf(InvalidTokenResponseError);
  expect(error).toMatchObject({ code: 'ERR_TOKEN_RESPONSE', retryable: true });
  expect(String(error)).toContain(said);
  expect(linesThatShow('live-t0ken', error)).toEqual([]);
  await expect(tokens.getToken()).resolves.toMatchObject({ value: 'recovered' });
});

test.each([200, 201, 202, 203, 206, 226])('a %d with a token response is a success [A41]', async (status) => {
  const { tokens, events } = await answeredWith({ ...granted('t'), status });

  await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
  expect(events).toMatchObject([{ type: 'grant.succeeded' }]);
});

test('a 201 with an OAuth error is an error response [A41 A8]', async () => {
  const { failure } = await answeredWith({ status: 201, body: { error: 'invalid_scope' } });

  expect(await failure()).toMatchObject({ code: 'ERR_GRANT_REJECTED', status: 201, error: 'invalid_scope' });
});

const tokenAsJson = JSON.stringify(granted('live-t0ken').body);

test('rejects a response without a content type [A10]', async () => {
  const { failure } = await answeredWith({ body: tokenAsJson });

  const error = await failure();

  expect(error).toBeInstanceOf(InvalidTokenResponseError);
  expect(String(error)).toContain('content type "none"');
});

test.each([
  ['text/html', tokenAsJson],
  ['text/plain; charset=utf-8', tokenAsJson],
  ['application/x-www-form-urlencoded', 'access_token=live-t0ken&token_type=Bearer&expires_in=60'],
  ['application/jwt', tokenAsJson],
])('names the content type "%s" and does not guess [A10]', async (type, body) => {
  const { failure } = await answeredWith({ headers: { 'content-type': type }, body });

  const error = await failure();

  expect(error).toBeInstanceOf(InvalidTokenResponseError);
  expect(String(error)).toContain(`content type "${type}"`);
  expect(linesThatShow('live-t0ken', error)).toEqual([]);
});

test.each(['application/json;charset=UTF-8', 'Application/JSON', 'application/json ; odata=none'])(
  'accepts the content type %s as JSON [A10]',
  async (type) => {
    const { tokens } = await answeredWith({ headers: { 'content-type': type }, body: tokenAsJson });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 'live-t0ken' });
  },
);

describe('odd JSON', () => {
  test('uses the last of two members with one name [A28]', async () => {
    const { tokens } = await answeredWith({
      headers: json,
      body: '{"access_token":"first","access_token":"last","token_type":"Bearer","expires_in":60}',
    });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 'last' });
  });

  test('skips a byte order mark [A28]', async () => {
    const { tokens } = await answeredWith({
      headers: json,
      body: `\ufeff${JSON.stringify(granted('t', { refresh_token: null }).body)}`,
    });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
  });

  test('does not pollute Object.prototype [A28]', async () => {
    const { tokens } = await answeredWith({
      headers: json,
      body:
        '{"__proto__":{"polluted":true,"expires_in":1},"constructor":{"prototype":{"polluted":true}},' +
        '"access_token":"t","token_type":"Bearer"}',
    });

    const token = await tokens.getToken();

    expect(token.expiresAt - token.issuedAt).toBe(300_000);
    expect({}).not.toHaveProperty('polluted');
    expect(token).not.toHaveProperty('polluted');
  });

  test('reads own members only [A28]', async () => {
    const { failure } = await answeredWith({
      headers: json,
      body: '{"__proto__":{"access_token":"live-t0ken","token_type":"Bearer"}}',
    });

    const error = await failure();

    expect(error).toBeInstanceOf(InvalidTokenResponseError);
    expect(linesThatShow('live-t0ken', error)).toEqual([]);
  });
});
