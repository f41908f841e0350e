import { expect, test } from '@jest/globals';

import {
  checkAssertionAudience,
  checkIdentityToken,
  identityTokensOf,
  reasonsForRejectedToken,
} from '../../../../../src/cli/commands/doctor/checks/identity.js';
import type { SettingName } from '../../../../../src/cli/settings/definitions.js';
import { type Claims, unsignedJwt } from '../../../../support/identity-tokens.js';
import { credentialsOf, settingsOf } from '../../../../support/settings.js';

const now = Date.UTC(2026, 0, 1);
const seconds = now / 1_000;
const facts = { issuer: 'https://auth.example.com', token_endpoint: 'https://auth.example.com/token' };
const good = { iss: 'https://cluster', sub: 'system:serviceaccount:shop:orders', aud: facts.issuer, exp: seconds + 60 };

const settings = (values: Partial<Record<SettingName, string>>) => settingsOf({ grant: 'jwt_bearer', ...values });

/** The assertion of the JWT bearer grant with these claims, or with this text. */
async function assertion(given: Claims | string) {
  const text = typeof given === 'string' ? given : unsignedJwt(given);
  const [token] = await identityTokensOf(settings({ assertionFile: '/a' }), credentialsOf({ assertion: text }));
  if (token === undefined) throw new Error('the settings use no token');
  return token;
}

async function subjectToken(given: Claims | string) {
  const values = { grant: 'token_exchange', subjectTokenFile: '/s', subjectTokenType: 'jwt' };
  const text = typeof given === 'string' ? given : unsignedJwt(given);
  const [token] = await identityTokensOf(settings(values), credentialsOf({ subjectToken: text }));
  if (token === undefined) throw new Error('the settings use no token');
  return { token, values };
}

test('reports origin, subject, audience and validity', async () => {
  expect(checkIdentityToken(await assertion(good), now)).toEqual({
    verdict: 'pass',
    what:
      'the assertion comes from the file /a: the Kubernetes service account orders in the namespace shop, for ' +
      'https://auth.example.com, valid for 1 min',
  });
});

test('names subject and issuer of an unknown platform, and a missing audience', async () => {
  const { what } = checkIdentityToken(await assertion({ iss: 'https://i', sub: 's', exp: seconds + 60 }), now);

  expect(what).toContain('the subject s of https://i, without an audience');
});

test.each<[string, Claims | string, string]>([
  ['has expired', { ...good, exp: seconds - 90 }, 'the assertion expired 1 min 30 s ago: its platform must replace it'],
  ['is not valid yet', { ...good, nbf: seconds + 60 }, 'the assertion is valid only in 1 min: check the clock'],
  ['does not expire', { ...good, exp: undefined }, 'the assertion has no expiry, which RFC 7523 §3 requires'],
  ['is not a JWT', 'opaque', 'an assertion must be a JWT (RFC 7523 §3)'],
])('warns about an assertion that %s', async (_, given, advice) => {
  const finding = checkIdentityToken(await assertion(given), now);

  expect(finding).toMatchObject({ verdict: 'warn', advice: expect.stringContaining(advice) });
  expect(finding.what).not.toContain('opaque');
});

test.each([['opaque'], [{ sub: 'user' }]])('accepts the subject token %j', async (given) => {
  const { token } = await subjectToken(given);

  expect(checkIdentityToken(token, now)).toMatchObject({ verdict: 'pass' });
});

test.each([
  [facts.issuer, 0],
  [['other', facts.token_endpoint], 0],
  ['other', 1],
  [undefined, 1],
])('compares the audience %j of an assertion with the server', async (aud, findings) => {
  expect(checkAssertionAudience(await assertion({ ...good, aud }), facts)).toHaveLength(findings);
});

test('names both audiences, and does not judge that of a subject token', async () => {
  const { token } = await subjectToken({ ...good, aud: 'other' });

  expect(checkAssertionAudience(token, facts)).toEqual([]);
  expect(checkAssertionAudience(await assertion({ ...good, aud: 'other' }), facts)).toMatchObject([
    {
      verdict: 'warn',
      what: 'the assertion is for other, not for this server: https://auth.example.com or https://auth.example.com/token',
    },
  ]);
});

test('explains a rejected assertion, with evidence first', async () => {
  const token = await assertion({ ...good, aud: 'other', exp: seconds - 60, jti: '1' });

  expect(reasonsForRejectedToken([token], { facts, settings: settings({}), now })).toEqual([
    'the assertion expired 1 min ago: its platform must replace it',
    expect.stringMatching(/^the assertion is for other, not for this server/),
    'the server must trust the issuer of the assertion, https://cluster, and read its keys',
    'the server must know the subject of the assertion, system:serviceaccount:shop:orders',
    'the server may accept an assertion once only: use a new one',
  ]);
});

test('explains a rejected subject token', async () => {
  const { token, values } = await subjectToken('opaque');

  expect(reasonsForRejectedToken([token], { facts, settings: settings(values), now })).toEqual([
    'the subject token was sent with the type "jwt": compare it with the kind of the token',
    'this client must be allowed to exchange the token, and the token may be revoked',
  ]);
});

test('names the tokens in use', async () => {
  const whats = async (values: Partial<Record<SettingName, string>>) =>
    (await identityTokensOf(settingsOf(values), credentialsOf({}))).map(({ what }) => what);
  const exchange = { grant: 'token_exchange', subjectTokenFile: '/s', actorTokenFile: '/a' };

  expect(await whats({ clientSecret: 's' })).toEqual([]);
  expect(await whats({ assertionFile: '/a' })).toEqual(['the client assertion']);
  expect(await whats({ assertionFile: '/a', grant: 'jwt_bearer' })).toEqual(['the assertion']);
  expect(await whats(exchange)).toEqual(['the subject token', 'the actor token']);
  expect(await whats({ ...exchange, assertionFile: '/a' })).toEqual([
    'the client assertion',
    'the subject token',
    'the actor token',
  ]);
});
