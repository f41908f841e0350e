import { expect, test } from '@jest/globals';

import { rejectedByApi } from '../../../../src/cli/commands/call/api-rejection.js';

const url = new URL('https://api.example.com/x');
const bearer = { value: 'c4n4ry', type: 'Bearer' } as const;

const explain = (status: number, headers: Record<string, string>, type: 'Bearer' | 'DPoP' = 'Bearer') =>
  rejectedByApi({ response: new Response(null, { status, headers }), url, token: { ...bearer, type } });
const challenge = (value: string) => ({ 'www-authenticate': value });

test.each<[number, string, string, RegExp]>([
  [401, 'Bearer error="invalid_token"', '(invalid_token)', /^the API rejects the token/],
  [
    401,
    'Bearer error="invalid_token", error_description="The token has expired"',
    '(invalid_token, "The token has expired")',
    /^the API rejects the token/,
  ],
  [403, 'Bearer error="insufficient_scope", scope="a b"', '(insufficient_scope)', /--scope 'a b'$/],
  [403, '', '', /^the client may lack a permission/],
  [403, 'Bearer error="invalid_token"', '(invalid_token)', /^the API rejects the token/],
  [403, 'Basic', '', /expects credentials of the scheme basic/],
  [403, 'OAuth2 error="insufficient scope", scope="a"', '(insufficient scope)', /--scope a$/],
  [401, 'Bearer error="invalid_request"', '(invalid_request)', /^the request itself is wrong: m2m call without --fail/],
  [401, 'ApiKey realm="x"', '', /expects credentials of the scheme apikey, not an access token/],
  [401, 'Basic, ApiKey', '', /of the scheme basic or apikey, not an access token/],
  [401, 'ApiKey, Bearer', '', /^the API rejects the token/],
  [401, 'JWT realm="api"', '', /^the API rejects the token/],
  [401, 'Custom error="expired_token"', '(expired_token)', /^the API rejects the token/],
  [401, 'DPoP error="use_dpop_nonce"', '(use_dpop_nonce)', /set --dpop$/],
  [401, '"""', '', /^the API rejects the token/],
  [500, '', '', /try again later$/],
  [422, '', '', /the request itself is wrong/],
  [401, 'DPoP algs="ES256"', '', /^the API accepts only DPoP tokens: set --dpop$/],
  [401, 'DPoP, Bearer', '', /^the API rejects the token/],
  [401, 'Basic realm="api"', '', /expects credentials of the scheme basic, not a token/],
  [401, 'Negotiate, NTLM', '', /expects credentials of the scheme negotiate or ntlm/],
  [401, 'Basic realm="api", Bearer', '', /^the API rejects the token/],
  [401, 'OAuth2 realm="x", error="invalid token"', '(invalid token)', /^the API rejects the token/],
  [401, "Token realm='a, b', error='expired_token'", '(expired_token)', /^the API rejects the token/],
  [401, "Bearer error='insufficient_scope', scope='a b'", '(insufficient_scope)', /--scope 'a b'$/],
])('explains a %d with the challenge %s', (status, header, detail, advice) => {
  const { message, advice: found, exitCode } = explain(status, challenge(header));

  expect(message).toBe(`https://api.example.com responded with ${status} ${detail}`.trim());
  expect(found).toMatch(advice);
  expect(exitCode).toBe(5);
});

test('quotes a scope for the shell, so that a copied line runs no command of the API', () => {
  expect(explain(403, challenge('Bearer error="insufficient_scope", scope="$(id) `id` \'"')).advice).toMatch(
    /--scope '\$\(id\) `id` '\\'''$/,
  );
});

test('explains a rejected proof', () => {
  expect(explain(401, challenge('DPoP error="invalid_dpop_proof"'), 'DPoP').advice).toMatch(
    /^the API rejects the DPoP proof/,
  );
});

test.each([
  [429, /^the API limits the rate of requests: try again later \(Retry-After: 30\)$/],
  [503, /^the API reported a server error: try again later \(Retry-After: 30\)$/],
])('shows Retry-After of a %d', (status, advice) => {
  expect(explain(status, { 'retry-after': '30' }).advice).toMatch(advice);
});

test('cleans and cuts the texts of a challenge, and leaves the token out [A53 F4]', () => {
  const text = `c4n4ry \u009b2J ${'x'.repeat(1_000)}`;
  const { message, advice } = explain(403, challenge(`Bearer error="${text}", error_description="${text}"`));
  const { advice: scope } = explain(403, challenge(`Bearer error="insufficient_scope", scope="${text}"`));

  for (const shown of [message, advice, scope]) {
    expect(shown).not.toMatch(/c4n4ry|\u009b/);
    expect(shown.length).toBeLessThan(800);
  }
});
