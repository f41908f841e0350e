import { expect, test } from '@jest/globals';

import { checkApi } from '../../../../../src/cli/commands/doctor/checks/api.js';
import { AccessToken } from '../../../../../src/core/access-token.js';
import type { Answer } from '../../../../support/http-server.js';
import { startHttpServer } from '../../../../support/http-server.js';

const encode = (members: object): string => Buffer.from(JSON.stringify(members)).toString('base64url');
const jwt = `${encode({ alg: 'RS256' })}.${encode({ aud: 'billing', iss: 'https://auth.example.com' })}.x`;

/** Checks an API with this response. */
async function check(answer: Answer, value = 't0ken') {
  const { origin, requests } = await startHttpServer(() => answer);
  const token = new AccessToken({ value, issuedAt: 0, expiresAt: Infinity });
  const findings = await checkApi(new URL(origin), token, new AbortController());
  return { findings, requests, origin };
}

const challenge = (value: string) => ({ 'www-authenticate': value });

test('passes an API that accepts the token', async () => {
  const { findings, requests, origin } = await check({});

  expect(findings).toEqual([{ verdict: 'pass', what: `${origin}/ responded with 200` }]);
  expect(requests).toMatchObject([{ method: 'GET', headers: { authorization: 'Bearer t0ken' } }]);
});

test('passes a 404, which is not about the token', async () => {
  const { findings } = await check({ status: 404 });

  expect(findings).toMatchObject([
    { verdict: 'pass', what: expect.stringContaining('404, probably not because of the token') },
  ]);
});

test.each<[string, Answer, RegExp, RegExp, string]>([
  [
    'a rejected token',
    { status: 401, headers: challenge('Bearer error="invalid_token"') },
    /401 \(invalid_token\)/,
    /may need --audience/,
    't0ken',
  ],
  [
    'a rejected token by an unknown scheme, with single quotes [E36]',
    { status: 401, headers: challenge("OAuth2 realm='x', error='invalid token'") },
    /401 \(invalid token\)/,
    /may need --audience/,
    't0ken',
  ],
  [
    'a token for another audience',
    { status: 401 },
    /401$/,
    /the token has the audience "billing" and the issuer "https:\/\/auth.example.com": if/,
    jwt,
  ],
  [
    'too little scope',
    { status: 403, headers: challenge('Bearer error="insufficient_scope", scope="a"') },
    /403/,
    /--scope a$/,
    't0ken',
  ],
  ['a server error', { status: 502 }, /502/, /try again later/, 't0ken'],
  [
    'a token that has expired',
    { status: 401, headers: challenge('Bearer error="invalid_token", error_description="expired at 12:00"') },
    /401 \(invalid_token, "expired at 12:00"\)$/,
    /the audience "billing"/,
    jwt,
  ],
  [
    'an API for DPoP tokens, whatever the audience',
    { status: 401, headers: challenge('DPoP algs="ES256"') },
    /401$/,
    /^the API accepts only DPoP tokens: set --dpop$/,
    jwt,
  ],
  [
    'an API that asks for a password, whatever the audience',
    { status: 401, headers: challenge('Basic realm="x"') },
    /401$/,
    /^the API expects credentials of the scheme basic/,
    jwt,
  ],
])('fails: %s', async (_, answer, what, advice, value) => {
  const { findings, requests } = await check(answer, value);

  expect(findings).toMatchObject([
    { verdict: 'fail', what: expect.stringMatching(what), advice: expect.stringMatching(advice), exitCode: 5 },
  ]);
  expect(requests).toHaveLength(1);
});

test('warns about a limited rate, and shows when to try again', async () => {
  const { findings } = await check({ status: 429, headers: { 'retry-after': '30' } });

  expect(findings).toMatchObject([
    { verdict: 'warn', what: expect.stringMatching(/429$/), advice: expect.stringContaining('Retry-After: 30') },
  ]);
});

test('cleans and cuts the target of a redirect, and leaves the token out [A53 F4]', async () => {
  const { findings } = await check({ status: 302, headers: { location: `/?t=t0ken&${'x'.repeat(1_000)}` } });

  expect(findings[0]?.what).toMatch(/redirects to \/\?t=\[redacted\]&x+… \(302\)$/);
});

test('warns about a redirect', async () => {
  const { findings } = await check({ status: 301, headers: { location: 'https://elsewhere.example.com/' } });

  expect(findings).toMatchObject([
    { verdict: 'warn', what: expect.stringContaining('redirects to https://elsewhere.example.com/ (301)') },
  ]);
});

test('fails an API that breaks off', async () => {
  const { origin } = await startHttpServer((_request, response) => void response.destroy());
  const token = new AccessToken({ value: 't', issuedAt: 0, expiresAt: Infinity });

  const findings = await checkApi(new URL(origin), token, new AbortController());

  expect(findings).toMatchObject([
    { verdict: 'fail', what: expect.stringContaining('could not be reached'), exitCode: 6 },
  ]);
});
