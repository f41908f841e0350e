import { expect, test } from '@jest/globals';

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

test('a token is granted', async () => {
  const { token, findings } = await check(granted('t0ken'));

  expect(token?.value).toBe('t0ken');
  expect(findings).toMatchObject([{ verdict: 'good', what: expect.stringMatching(/^a token was granted in \d+ ms$/) }]);
});

test.each<[string, Answer, RegExp, unknown, number]>([
  ['wrong credentials', refused('invalid_client'), /invalid_client/, ['first', 'second'], 3],
  [
    'a grant that is not enabled',
    refused('unauthorized_client'),
    /unauthorized_client/,
    expect.stringContaining('must be enabled'),
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
    expect.stringContaining('token endpoint itself'),
    3,
  ],
  ['a rate limit', { status: 429 }, /rate limited/, expect.any(String), 4],
  ['an outage', { status: 500 }, /is not available/, expect.any(String), 4],
  ['a sign-in page', { body: '<html>' }, /content type/, expect.any(String), 4],
])('found: %s', async (_, answer, what, advice, exitCode) => {
  const { token, findings } = await check(answer);

  expect(token).toBeUndefined();
  expect(findings).toMatchObject([{ verdict: 'bad', what: expect.stringMatching(what), advice, exitCode }]);
});

test.each([
  ['b a', 'a b', [{ verdict: 'good', what: 'the scope granted is "a b"' }]],
  [undefined, 'a', [{ verdict: 'good', what: 'the scope granted is "a"' }]],
  [undefined, undefined, []],
])('asked for the scope "%s", granted "%s"', (asked, scope, findings) => {
  expect(checkScope(asked, scope)).toEqual(findings);
});

test('found: less scope than asked for [A17]', () => {
  expect(checkScope('a b c', 'b')).toMatchObject([
    { verdict: 'doubtful', what: 'the scope granted is "b": "a c" is missing' },
  ]);
});

test('a lifetime, and when the token is renewed', () => {
  expect(checkLifetime(issue('t', systemClock, 3_600_000), true)).toEqual([
    {
      verdict: 'good',
      what: 'the token is valid for 1 h; the library renews it in the background after 50 min to 55 min',
    },
  ]);
});

test.each([
  ['one that is short', 30_000, true, /^the token is valid for 30 s/],
  ['none', 0, true, /had expired when it arrived/],
  ['one that the server does not say', 300_000, false, /does not say how long the token is valid; 5 min are assumed/],
])('found: a lifetime: %s', (_, lifetimeMs, saysLifetime, what) => {
  expect(checkLifetime(issue('t', systemClock, lifetimeMs), saysLifetime)).toMatchObject([
    { verdict: 'doubtful', what: expect.stringMatching(what) },
  ]);
});
