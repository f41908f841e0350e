import { describe, expect, test } from '@jest/globals';

import { rejectsToken } from '../../src/adapters/challenge.js';
import { asksForNonce, parseChallenges } from '../../src/core/challenges.js';
import { cpuCost } from '../support/cpu-cost.js';
import { fc } from '../support/fc.js';
import { anyText } from '../support/text.js';

type Parsed = [scheme: string, parameters: Record<string, string>];

const parsed = (field: string): Parsed[] =>
  parseChallenges(field).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('parses [E6 R-34 R-39]', () => {
  test.each<[string, Parsed[]]>([
    ['', []],
    ['Bearer', [['bearer', {}]]],
    ['BEARER', [['bearer', {}]]],
    ['Bearer realm="example"', [['bearer', { realm: 'example' }]]],
    ['Bearer realm=""', [['bearer', { realm: '' }]]],
    [
      'Bearer realm="example", error="invalid_token", error_description="The access token expired"',
      [['bearer', { realm: 'example', error: 'invalid_token', error_description: 'The access token expired' }]],
    ],
    ['Bearer error=invalid_token', [['bearer', { error: 'invalid_token' }]]],
    ['bearer ERROR="invalid_token"', [['bearer', { error: 'invalid_token' }]]],
    ['Bearer error = "invalid_token"', [['bearer', { error: 'invalid_token' }]]],
    ['Bearer error\t=\t"invalid_token"', [['bearer', { error: 'invalid_token' }]]],
    ['Bearer realm="a, b", error="x"', [['bearer', { realm: 'a, b', error: 'x' }]]],
    ['Bearer realm="a, Basic realm=b", error="x"', [['bearer', { realm: 'a, Basic realm=b', error: 'x' }]]],
    ['Bearer realm="say \\"hi\\" \\\\ there", error="x"', [['bearer', { realm: 'say "hi" \\ there', error: 'x' }]]],
    ['Bearer realm="a=b"', [['bearer', { realm: 'a=b' }]]],
    ['Bearer realm="é"', [['bearer', { realm: 'é' }]]],
    [
      'Basic realm="simple", Bearer error="invalid_token"',
      [
        ['basic', { realm: 'simple' }],
        ['bearer', { error: 'invalid_token' }],
      ],
    ],
    [
      'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
      [
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
        ['basic', { realm: 'simple' }],
      ],
    ],
    [
      'Bearer, Basic, DPoP algs="ES256 PS256"',
      [
        ['bearer', {}],
        ['basic', {}],
        ['dpop', { algs: 'ES256 PS256' }],
      ],
    ],
    ['Negotiate abc==', [['negotiate', {}]]],
    [
      'Negotiate YWJj/+-._~==, Bearer error="invalid_token"',
      [
        ['negotiate', {}],
        ['bearer', { error: 'invalid_token' }],
      ],
    ],
    [
      'Bearer Basic realm="x"',
      [
        ['bearer', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'DPoP error="use_dpop_nonce", error_description="n"',
      [['dpop', { error: 'use_dpop_nonce', error_description: 'n' }]],
    ],
    ["Bearer realm='a, b', error='invalid token'", [['bearer', { realm: 'a, b', error: 'invalid token' }]]],
    ["Bearer realm='', error='x'", [['bearer', { realm: '', error: 'x' }]]],
    ["Bearer realm=it's, error='x", [['bearer', { realm: "it's", error: "'x" }]]],
    [', , Bearer realm="x" ,, error="y",', [['bearer', { realm: 'x', error: 'y' }]]],
    ['  Bearer   realm="x"  ,\t error="y"  ', [['bearer', { realm: 'x', error: 'y' }]]],
    ['Bearer realm="x",error="y"', [['bearer', { realm: 'x', error: 'y' }]]],
    ['Bearer scope="a b", error="insufficient_scope"', [['bearer', { scope: 'a b', error: 'insufficient_scope' }]]],
    ['Bearer __proto__="x"', [['bearer', Object.fromEntries([['__proto__', 'x']])]]],
  ])('%j', (field, challenges) => {
    expect(parsed(field)).toEqual(challenges);
  });

  test.each<[string, Parsed[]]>([
    ['error="invalid_token"', []],
    ['="; Bearer', []],
    ['"', []],
    ['<html>', []],
    ['Bearer realm="open', [['bearer', {}]]],
    ['Bearer realm="a" error="b"', [['bearer', {}]]],
    ['Bearer realm="a"; error="b"', [['bearer', {}]]],
    ['Bearer realm=a b', [['bearer', {}]]],
    ['Basic realm="a", {', [['basic', { realm: 'a' }]]],
    ['Basic realm="a\\', [['basic', {}]]],
  ])('%j up to its first malformed part [E26]', (field, challenges) => {
    expect(parsed(field)).toEqual(challenges);
  });
});

describe('says whether the token is rejected', () => {
  test.each<[string | undefined, boolean]>([
    [undefined, true],
    ['', true],
    ['Bearer', true],
    ['Bearer realm=""', true],
    ['Bearer error="invalid_token"', true],
    ['bEaReR error=invalid_token', true],
    ['DPoP error="invalid_token", algs="ES256"', true],
    ['Bearer error="invalid_token", DPoP algs="ES256"', true],
    ['Basic realm="x", Bearer error="invalid_token"', true],
    ['Bearer error="insufficient_scope", Bearer error="invalid_token"', true],
    ['{"error": "no"}', true],
    ['Unauthorized: the token has expired', true],
    ['Bearer error="insufficient_scope", scope="a"', false],
    ['Bearer error="invalid_request"', false],
    ['DPoP error="use_dpop_nonce"', false],
    ['DPoP error="invalid_dpop_proof"', false],
    ['Basic realm="x"', false],
    ['Basic', false],
    ['Basic realm="Bearer"', false],
    ['Basic realm="a, Bearer error=invalid_token"', false],
    ['Negotiate abc==', false],
    ['Negotiate, NTLM', false],
  ])('a 401 with %j: %j [E6 R-34 R-37]', (field, rejects) => {
    expect(rejectsToken(401, field)).toBe(rejects);
  });

  test.each<[string, boolean]>([
    ['OAuth2 realm="x", error="invalid token"', true],
    ['OAuth2 realm="APIM Manager"', true],
    ['OAuth realm="api", error=\'invalid_token\'', true],
    ['Token realm="api"', true],
    ['Token', true],
    ['Unknown x=y', true],
    ['Bearer error="expired_token"', true],
    ['Bearer error="invalid token"', true],
    ["Bearer error='invalid token', error_description='it is over'", true],
    ["Bearer realm='a, b', error='expired'", true],
    ['Bearer error="INVALID_TOKEN"', true],
    ['Bearer error=""', true],
    ['Basic realm="x", Token realm="api"', true],
    ['Bearer error="insufficient_scope", Bearer error="expired_token"', true],
    ["Bearer error='insufficient_scope'", false],
    ["Bearer realm='a, b', error='insufficient_scope'", false],
    ['Bearer error="insufficient scope"', false],
    ['Bearer error="Invalid_Request"', false],
    ['OAuth2 realm="x", error="insufficient_scope"', false],
    ['Bearer error="insufficient_scope", DPoP algs="ES256"', false],
    ['Bearer, Bearer error="insufficient_scope"', false],
    ['Digest realm="x", nonce="n"', false],
    ['Digest realm="x", Basic realm="x", NTLM', false],
  ])('a 401 with %j, which the RFCs do not define: %j [E36]', (field, rejects) => {
    expect(rejectsToken(401, field)).toBe(rejects);
  });

  test.each([200, 302, 400, 402, 403, 404, 407, 500, 503])('a %d never rejects it [E5 R-36]', (status) => {
    expect(rejectsToken(status, 'Bearer error="invalid_token"')).toBe(false);
  });
});

test('never throws [E26 R-39]', () => {
  const piece = fc.constantFrom(
    'Bearer',
    'Basic',
    ' ',
    ',',
    '=',
    '"',
    '\\',
    '\t',
    'a',
    'error',
    'invalid_token',
    '==',
    '~',
  );
  const field = fc.oneof(
    anyText({ maxLength: 200 }),
    fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
  );

  fc.assert(
    fc.property(field, (text) => {
      expect(Array.isArray(parseChallenges(text))).toBe(true);
      expect(typeof rejectsToken(401, text)).toBe('boolean');
    }),
  );
});

test('parses each field that follows the grammar [R-39]', () => {
  const character = fc.constantFrom(...Array.from("abcXYZ019!#$%&'*+.^_`|~-"));
  const token = fc.string({ unit: character, minLength: 1, maxLength: 8 });
  // A bare value in single quotes is read as a quoted one.
  const bareValue = token.map((text) => text.replaceAll("'", '-'));
  const quotable = fc.string({ unit: fc.constantFrom(...Array.from(' \t!,="\\;Bearer é(){}~/')), maxLength: 12 });
  const whitespace = fc.constantFrom('', ' ', '\t', '  ');
  const parameter = fc.record({
    name: token,
    value: quotable,
    bare: bareValue,
    isBare: fc.boolean(),
    around: whitespace,
  });
  const challenge = fc.record({
    scheme: token,
    parameters: fc.uniqueArray(parameter, { maxLength: 4, selector: ({ name }) => name.toLowerCase() }),
  });
  const separator = fc.constantFrom(',', ', ', ' , ', ',,', ',\t');

  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 4 }), separator, (challenges, comma) => {
      const field = challenges
        .map(({ scheme, parameters }) => [scheme, parameters.map(write).join(comma)].join(' ').trim())
        .join(comma);

      expect(parsed(field)).toEqual(
        challenges.map(({ scheme, parameters }) => [
          scheme.toLowerCase(),
          Object.fromEntries(
            parameters.map(({ name, value, bare, isBare }) => [name.toLowerCase(), isBare ? bare : value]),
          ),
        ]),
      );
    }),
  );
});

const fill = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length));

describe('parses in a short time 100 kB of [E26 R-39]', () => {
  const many = (text: string): string => fill(text, 100_000);

  test.each([
    ['spaces', `Bearer${many(' ')}"`],
    ['spaces before an equals sign', `Bearer a${many(' ')}=${many(' ')}"`],
    ['spaces after a value', `Bearer a=b${many(' ')}c`],
    ['spaces within', `Bearer a="${many(' ')}`],
    ['commas', `Bearer ${many(',')}=`],
    ['commas and spaces', many(' ,')],
    ['quotes', `Bearer a=${many('"')}`],
    ['quoted strings', `Bearer ${many('a="b"')}`],
    ['open quotes', `Bearer ${many('a="b, ')}`],
    ['single quotes', `Bearer a=${many("'")}`],
    ['strings in single quotes', `Bearer ${many("a='b'")}`],
    ['open single quotes', `Bearer ${many("a='b, ")}`],
    ['spaces in single quotes', `Bearer a='${many(' ')}`],
    ['backslashes', `Bearer a="${many('\\')}`],
    ['escaped quotes', `Bearer a="${many('\\"')}`],
    ['letters', `Bearer ${many('a')}"`],
    ['letters with a value', `Bearer ${many('a')}="`],
    ['equals signs', `Bearer a${many('=')}"`],
    ['token68 and spaces', `Bearer ${many('a')}${many('=')}${many(' ')}"`],
    ['schemes far apart', many(`a${' '.repeat(999)}`)],
    ['equals signs between schemes', many('a = "x ')],
  ])('%s', async (_what, field) => {
    expect(await cpuCost(() => rejectsToken(401, field), 100)).toBeLessThan(100);
  });
});

test.each<[string | undefined, boolean]>([
  ['DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof"', true],
  ['dpop error=use_dpop_nonce', true],
  ['Bearer error="invalid_token", DPoP error="use_dpop_nonce"', true],
  ['Bearer error="use_dpop_nonce"', false],
  ['DPoP error="invalid_token"', false],
  ['DPoP algs="use_dpop_nonce"', false],
  ['', false],
  [undefined, false],
])('whether %p asks for a nonce: %p [R-75 E26]', (field, expected) => {
  expect(asksForNonce(field)).toBe(expected);
});

test('a challenge that asks for a nonce rejects no token [R-75]', () => {
  expect(rejectsToken(401, 'DPoP error="use_dpop_nonce", algs="ES256"')).toBe(false);
});

// As long as Node lets the headers of a reply be: each of these parts is looked at.
describe('parses in a short time 16 kB of [R-39]', () => {
  const many = (text: string): string => fill(text, 16_384);

  test.each([
    ['schemes', many('a ')],
    ['schemes and commas', many('a,')],
    ['parameters', `Bearer ${many('a=b,')}`],
    ['different parameters', `Bearer ${Array.from({ length: 2_000 }, (_, at) => `p${at}=1`).join()}`],
    ['quoted parameters', `Bearer ${many('a="b" ,')}`],
  ])('%s', async (_what, field) => {
    expect(await cpuCost(() => rejectsToken(401, field), 100)).toBeLessThan(100);
  });
});

function write(parameter: { name: string; value: string; bare: string; isBare: boolean; around: string }): string {
  const { name, value, bare, isBare, around } = parameter;
  return `${name}${around}=${around}${isBare ? bare : `"${value.replace(/["\\]/g, '\\$&')}"`}`;
}
