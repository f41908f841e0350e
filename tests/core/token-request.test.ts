import { runInNewContext } from 'node:vm';

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

test('a request of nearly 16 KiB is accepted [D28]', () => {
  const scope = 'x'.repeat(16_000);

  expect(canonicalRequest({ scope }).scope).toBe(scope);
});

test('a plain object of another realm, or without a prototype, is accepted [E39]', () => {
  const others = [
    runInNewContext('({ scope: "a", parameters: { b: "c" } })'),
    Object.assign(Object.create(null), { scope: 'a' }),
  ];

  for (const request of others as TokenRequest[]) expect(canonicalRequest(request).scope).toBe('a');
});

test.each([
  ['resource', '00000002-0000-0000-c000-000000000000'],
  ['resource', '00000003-0000-0ff1-ce00-000000000000/tenant.example@7f4a6a5e-0000-0000-0000-000000000000'],
  ['audience', 'api'],
])('the parameter "%s" may be "%s" if the member of that name is unused [A52]', (name, value) => {
  expect(canonicalRequest({ [name]: [], parameters: { [name]: value } }).parameters).toEqual({ [name]: value });
});

test('a resource that is no URI is refused, and the error says how to send it [A52 R-52]', () => {
  const make = () => canonicalRequest({ resource: '00000002-0000-0000-c000-000000000000' });

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow('set "parameters: { resource }" instead');
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

  test.each(['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'scope'])(
    'with a parameter "%s" [R-04 R-08 D2]',
    (name) => {
      const make = () => canonicalRequest({ parameters: { [name]: 'smuggled' } });

      expect(make).toThrow(ConfigurationError);
      expect(make).toThrow(`"parameters" must not hold "${name}"`);
      expect(make).not.toThrow('smuggled');
    },
  );

  test.each([
    ['resource', { resource: 'https://a.example' }],
    ['audience', { audience: ['a'] }],
  ])('with a parameter "%s" beside the member of that name [A52]', (name, member) => {
    const make = () => canonicalRequest({ ...member, parameters: { [name]: '00000002-0000' } });

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`"${name}" and "parameters.${name}" must not be used together`);
  });

  test.each([
    ['a promise', () => Promise.resolve({ scope: 's3cret' })],
    ['a Map', () => new Map([['scope', 's3cret']])],
    ['URLSearchParams', () => new URLSearchParams({ scope: 's3cret' })],
    ['Headers', () => new Headers({ scope: 's3cret' })],
    ['a Date', () => new Date()],
    ['a Set', () => new Set(['s3cret'])],
    [
      'an instance of a class',
      () =>
        new (class {
          scope = 's3cret';
        })(),
    ],
    ['an object with inherited members', () => Object.create({ scope: 's3cret' }) as object],
    ['a function', () => () => ({ scope: 's3cret' })],
    ['a list', () => ['s3cret']],
    ['a string', () => 's3cret'],
    ['null', () => null],
  ])('that is %s, or whose parameters are; its value is not repeated [E39]', (_what, make) => {
    const all = [make() as TokenRequest, { parameters: make() } as unknown as TokenRequest];

    for (const request of all) {
      expect(() => canonicalRequest(request)).toThrow(ConfigurationError);
      expect(() => canonicalRequest(request)).not.toThrow('s3cret');
    }
  });

  test('that is a promise, and the error says what to do [E39]', () => {
    const request = Promise.resolve({ scope: 'a' }) as TokenRequest;

    expect(() => canonicalRequest(request)).toThrow('a token request must be a plain object; await the promise first');
  });

  test.each<[string, TokenRequest]>([
    ['scope', { scope: Array.from({ length: 4_000 }, (_none, index) => `scope:${index}`) }],
    ['resource', { resource: `https://a.example/${'x'.repeat(16_384)}` }],
    ['audience', { audience: 'x'.repeat(16_384) }],
    ['parameters', { parameters: { tenant: 'x'.repeat(16_384) } }],
    ['name of a parameter', { parameters: { ['x'.repeat(16_384)]: 'a' } }],
  ])('that is longer than 16 KiB by its %s [D28]', (_member, request) => {
    expect(() => canonicalRequest(request)).toThrow(ConfigurationError);
    expect(() => canonicalRequest(request)).toThrow(/^a token request must not be longer than 16 KiB.{1,100}$/);
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
