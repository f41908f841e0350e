import { expect, test } from '@jest/globals';

import { GrantUnavailableError } from '../../../../../src/core/errors.js';
import { checkGrant, checkLifetime, checkScope } from '../../../../../src/cli/commands/doctor/checks/grant.js';
import { systemClock } from '../../../../../src/core/clock.js';
import { createTokenService } from '../../../../../src/service/token-service.js';
import { granted, refused, startAuthorizationServer } from '../../../../support/authorization-server.js';
import type { Answer } from '../../../../support/http-server.js';
import { issue } from '../../../../support/tokens.js';

const { signal } = new AbortController();

async function check(answer: Answer) {
  const server = await startAuthorizationServer();
  server.script(answer);
  const { tokenEndpoint } = server;
  const tokens = createTokenService({
    tokenEndpoint,
    clientId: 'orders',
    clientSecret: 's3cret',
    retry: { retries: 0 },
  });
  return checkGrant(tokens, { signal, reasons: async () => ['first', 'second'] });
}

test('passes a token', async () => {
  const { token, findings } = await check(granted('t0ken'));

  expect(token?.value).toBe('t0ken');
  expect(findings).toMatchObject([
    { verdict: 'pass', what: expect.stringMatching(/^the server issued a token in \d+ ms$/) },
  ]);
});

test.each<[string, Answer, RegExp, unknown, number]>([
  ['wrong credentials', refused('invalid_client'), /invalid_client/, ['first', 'second'], 3],
  ['a client that may be unknown', refused('unauthorized_client'), /unauthorized_client/, ['first', 'second'], 3],
  ['credentials without a code', { status: 403 }, /HTTP 403/, ['first', 'second'], 3],
  [
    'a code that only this server has',
    refused('wrong_secret', { status: 401 }),
    /wrong_secret/,
    ['first', 'second'],
    3,
  ],
  [
    'a wrong path with such a code',
    refused('no_such_route', { status: 404 }),
    /no_such_route/,
    expect.stringContaining('check that this is the token endpoint'),
    3,
  ],
  ['a wrong path', { status: 404 }, /HTTP 404/, expect.stringContaining('check that this is the token endpoint'), 3],
  [
    'a wrong path with JSON',
    { status: 404, body: { error: 'invalid_request' } },
    /HTTP 404/,
    expect.stringContaining('check'),
    3,
  ],
  ['a scope that is not allowed', refused('invalid_scope'), /invalid_scope/, expect.stringContaining('scope'), 3],
  [
    'an audience that is not allowed',
    refused('invalid_target'),
    /invalid_target/,
    expect.stringContaining('--audience'),
    3,
  ],
  [
    'a redirect',
    { status: 302, headers: { location: '/' } },
    /redirected/,
    expect.stringContaining('set --token-endpoint to the URL that responds without a redirect'),
    3,
  ],
  ['a rate limit', { status: 429 }, /rate limited/, expect.any(String), 4],
  ['an outage', { status: 500 }, /is not available/, expect.stringContaining('an internal error'), 4],
  [
    'an outage that ends at a time',
    { status: 503, headers: { 'retry-after': '99' } },
    /is not available/,
    'the server asks for a pause: try again in 1 min 39 s',
    4,
  ],
  ['a sign-in page', { body: '<html>' }, /content type/, expect.any(String), 4],
])('fails: %s', async (_, answer, what, advice, exitCode) => {
  const { token, findings } = await check(answer);

  expect(token).toBeUndefined();
  expect(findings).toMatchObject([{ verdict: 'fail', what: expect.stringMatching(what), advice, exitCode }]);
});

test('does not blame a failure of the server if there was no response', async () => {
  const getToken = () => Promise.reject(new GrantUnavailableError('https://auth.example.com did not respond in time'));

  const { findings } = await checkGrant(
    { getToken },
    { signal: new AbortController().signal, reasons: () => Promise.resolve([]) },
  );

  expect(findings).toMatchObject([{ verdict: 'fail', advice: expect.stringContaining('sends no response') }]);
});

test.each([
  ['b a', 'a b', 'the granted scope is "a b"'],
  [undefined, 'a', 'the granted scope is "a"'],
  [undefined, undefined, 'the granted scope is unknown, because the token response does not name it'],
  ['a  b', undefined, 'the granted scope is unknown, because the token response does not name it; "a b" was requested'],
])('passes the requested scope "%s" and the granted scope "%s" [A51]', (requested, scope, what) => {
  expect(checkScope({ requested, granted: scope })).toEqual([{ verdict: 'pass', what }]);
});

test('cuts a long scope, and escapes nothing that moves the cursor [A53]', () => {
  const [{ what } = { what: '' }] = checkScope({ requested: undefined, granted: `a\u001b[2J${'b'.repeat(1_000)}` });

  expect(what).toMatch(/^the granted scope is "a \[2Jb+…"$/);
  expect(what.length).toBeLessThan(400);
});

test('warns about a missing scope [A17]', () => {
  expect(checkScope({ requested: 'a b c', granted: 'b' })).toMatchObject([
    { verdict: 'warn', what: 'the granted scope is "b": "a c" is missing' },
  ]);
});

test('reports the lifetime and the time of renewal', () => {
  expect(checkLifetime(issue('t', systemClock, 3_600_000), true)).toEqual([
    {
      verdict: 'pass',
      what: 'the token is valid for 1 h; the library renews it in the background after 50 min to 55 min',
    },
  ]);
});

test.each([
  ['short', 30_000, true, /^the token is valid for 30 s/],
  ['zero', 0, true, /has expired on arrival/],
  ['unknown', 300_000, false, /has no expires_in; the library assumes 5 min/],
])('warns about a lifetime that is %s', (_, lifetimeMs, hasLifetime, what) => {
  expect(checkLifetime(issue('t', systemClock, lifetimeMs), hasLifetime)).toMatchObject([
    { verdict: 'warn', what: expect.stringMatching(what) },
  ]);
});
