import { describe, expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { canonicalRequest, requestKey, type TokenRequest } from '../../src/core/token-request.js';

describe('equal requests have one key', () => {
  test.each<[string, TokenRequest | undefined, TokenRequest | undefined]>([
    ['nothing asked for', undefined, {}],
    ['empty members', {}, { scope: '', resource: [], audience: '', parameters: {} }],
    ['undefined members', {}, { scope: undefined, resource: undefined, audience: undefined, parameters: undefined }],
    ['an empty parameter', {}, { parameters: { tenant: '' } }],
    ['R-13 reordered scopes', { scope: 'a b' }, { scope: 'b a' }],
    ['scopes as a list', { scope: 'a b' }, { scope: ['b', 'a'] }],
    ['scopes of a list with spaces', { scope: 'a b c' }, { scope: ['c b', 'a'] }],
    ['repeated scopes and spaces', { scope: 'a b' }, { scope: ' a  b a ' }],
    [
      'R-53 reordered resources',
      { resource: ['https://a.example/', 'https://b.example/'] },
      { resource: ['https://b.example/', 'https://a.example/'] },
    ],
    ['one resource as a list', { resource: 'urn:example:api' }, { resource: ['urn:example:api'] }],
    ['reordered audiences', { audience: ['a', 'b'] }, { audience: ['b', 'a', 'b'] }],
    ['reordered parameters', { parameters: { a: '1', b: '2' } }, { parameters: { b: '2', a: '1' } }],
  ])('R-53: %s [D1 R-13]', (_what, one, other) => {
    expect(requestKey(one)).toBe(requestKey(other));
  });
});

describe('different requests have different keys', () => {
  const requests: TokenRequest[] = [
    {},
    { scope: 'a' },
    { scope: 'A' },
    { scope: 'a b' },
    { scope: 'a,b' },
    { audience: 'a' },
    { audience: 'a b' },
    { audience: ['a', 'b'] },
    { resource: 'urn:a:b' },
    { audience: 'urn:a:b' },
    { parameters: { a: 'b' } },
    { parameters: { a: 'b', c: 'd' } },
    { parameters: { a: 'b&c=d' } },
    { parameters: { 'a=b': 'c' } },
    { parameters: { a: 'b,c' } },
    { parameters: { __proto__x: 'b' } },
    { scope: 'a', audience: 'a' },
    { scope: '[]' },
    { scope: 'a],[' },
  ];

  test('each of the list has one of its own [D1]', () => {
    const keys = requests.map((request) => requestKey(request));

    expect(new Set(keys).size).toBe(requests.length);
  });
});

test.each(['scope', 'audience', 'resource'])('a canonical request cannot be changed in its %s', (member) => {
  const request = canonicalRequest({ scope: 'a', audience: 'b', resource: 'urn:a:b', parameters: { c: 'd' } });

  expect(() => {
    (request as unknown as Record<string, unknown>)[member] = 'x';
  }).toThrow(TypeError);
  expect(() => (request.audience as string[]).push('x')).toThrow(TypeError);
  expect(() => {
    (request.parameters as Record<string, string>)['c'] = 'x';
  }).toThrow(TypeError);
});

test('a canonical request is returned as it is', () => {
  const request = canonicalRequest({ scope: 'a' });

  expect(canonicalRequest(request)).toBe(request);
});

test('an object that is changed later does not change the canonical request made of it', () => {
  const audience = ['a'];
  const parameters: Record<string, string> = { tenant: 'a' };
  const request = canonicalRequest({ audience, parameters });

  audience.push('b');
  parameters['tenant'] = 'b';

  expect(request).toMatchObject({ audience: ['a'], parameters: { tenant: 'a' } });
});

describe('a malformed request is refused', () => {
  test.each(['a"b', 'a\\b', 'a\tb', 'a\nb', 'é', 'a\u0000', 'a\u007f'])('with the scope %j [R-13]', (scope) => {
    expect(() => canonicalRequest({ scope })).toThrow(ConfigurationError);
    expect(() => canonicalRequest({ scope: ['ok', scope] })).toThrow('"scope" holds ');
  });

  test('but not with any character that the RFC allows [R-13]', () => {
    const all = Array.from({ length: 94 }, (_none, index) => String.fromCharCode(0x21 + index))
      .filter((character) => character !== '"' && character !== '\\')
      .join('');

    expect(canonicalRequest({ scope: all }).scope).toBe(all);
  });

  test.each(['/orders', 'orders', 'https://', 'https://a.example/#part', 'https://a.example/#', 'urn:a:b#c'])(
    'with the resource %j [R-52]',
    (resource) => {
      expect(() => canonicalRequest({ resource })).toThrow(ConfigurationError);
      expect(() => canonicalRequest({ resource: ['https://ok.example', resource] })).toThrow(/"resource" must be/);
    },
  );

  test.each(['https://a.example', 'https://a.example/orders/', 'urn:example:api', 'api://7c9b'])(
    'but not with the resource %j, which is kept as it is [R-52 R-54]',
    (resource) => {
      expect(canonicalRequest({ resource }).resource).toEqual([resource]);
    },
  );

  test.each([
    'grant_type',
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
    'scope',
    'resource',
    'audience',
  ])('with a parameter "%s" [R-04 R-08 D2]', (name) => {
    const make = () => canonicalRequest({ parameters: { [name]: 'smuggled' } });

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`"parameters" must not hold "${name}"`);
    expect(make).not.toThrow('smuggled');
  });

  test.each([[5], [null], [undefined], [['a']], [{}], [true]])('with a parameter that is %p', (value) => {
    const parameters = { tenant: value } as unknown as Record<string, string>;

    expect(() => canonicalRequest({ parameters })).toThrow(ConfigurationError);
    expect(() => canonicalRequest({ parameters })).toThrow('"parameters.tenant" must be a string');
  });

  test.each([
    ['scope', 5],
    ['scope', null],
    ['scope', [5]],
    ['scope', {}],
    ['resource', 5],
    ['resource', [null]],
    ['audience', { a: 1 }],
    ['audience', [5]],
    ['parameters', 'tenant=a'],
    ['parameters', null],
    ['parameters', ['a']],
  ])('with the member %s of a wrong type: %j [F10]', (name, value) => {
    const make = () => canonicalRequest({ [name]: value });

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`"${name}"`);
  });

  test.each([['orders:read'], [null], [5], [['a']]])('that is no object but %j [F10]', (request) => {
    expect(() => canonicalRequest(request as unknown as TokenRequest)).toThrow(ConfigurationError);
  });

  test('with a misspelt member, and the right name is given [F10]', () => {
    const make = () => canonicalRequest({ scopes: 'orders:read' } as TokenRequest);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(/"scopes".*"scope"/);
  });
});
