import { expect, test } from '@jest/globals';

import { canonicalRequest, requestKey, type TokenRequest } from '../../src/core/token-request.js';
import { withDefaultRequest } from '../../src/layers/default-request.js';
import { fc } from '../support/fc.js';

/** What a request says: sets of names, and values by their names. */
interface Meaning {
  readonly scope: readonly string[];
  readonly resource: readonly string[];
  readonly audience: readonly string[];
  readonly parameters: readonly (readonly [string, string])[];
}

const set = (member: fc.Arbitrary<string>) => fc.uniqueArray(member, { maxLength: 3 });

// Whatever a key could be put together with, and what looks alike: é in one character and in two.
const awkward = fc.constantFrom(
  'a',
  'b',
  ',',
  '"',
  '\\',
  '[',
  ']',
  '","',
  '],["',
  '&',
  '=',
  ':',
  '|',
  '\0',
  '\n',
  ' ',
  'é',
  'e\u0301',
  '\ud800',
);
const text = fc.string({ unit: awkward, minLength: 1, maxLength: 4 });
const scopeToken = fc.string({ unit: fc.constantFrom(...Array.from("abAB,:[]{}|&='/")), minLength: 1, maxLength: 3 });
const uri = fc.constantFrom('urn:a', 'urn:b', 'urn:a,urn:b', 'https://a.example/', 'https://a.example', 'urn:a?["x"]');
const parameterName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'scopes', 'Scope', '0', '1'),
  text.filter((name) => name.trim() !== ''),
);

const meanings: fc.Arbitrary<Meaning> = fc.record({
  scope: set(scopeToken),
  resource: set(uri),
  audience: set(fc.oneof(text, uri, scopeToken)),
  parameters: fc.uniqueArray(fc.tuple(parameterName, text), { maxLength: 3, selector: ([name]) => name }),
});

/** One of the ways to write a request down. */
function spellings(meaning: Meaning): fc.Arbitrary<TokenRequest> {
  const list = (members: readonly string[]) =>
    fc
      .tuple(fc.shuffledSubarray([...members], { minLength: members.length }), fc.subarray([...members, '']))
      .map(([all, again]) => [...all, ...again]);
  const listOrOne = (members: readonly string[]) =>
    members.length < 2 ? fc.oneof(list(members), fc.constant(members[0])) : list(members);
  const scope = list(meaning.scope).chain((all) => fc.constantFrom(all, all.join(' '), [all.join('  ')]));
  const parameters = fc
    .shuffledSubarray([...meaning.parameters], { minLength: meaning.parameters.length })
    .map((entries) => Object.fromEntries(entries));
  const empty = fc.constantFrom<TokenRequest>({}, { scope: undefined, audience: undefined });

  return fc
    .tuple(empty, scope, listOrOne(meaning.resource), listOrOne(meaning.audience), parameters)
    .map(([start, scopes, resource, audience, all]) => ({
      ...start,
      ...(meaning.parameters.length > 0 && { parameters: all }),
      audience,
      resource,
      ...(meaning.scope.length > 0 && { scope: scopes }),
    }));
}

const sorted = ({ scope, resource, audience, parameters }: Meaning): string =>
  JSON.stringify([scope, resource, audience, parameters].map((members) => members.map(String).toSorted()));

const codeUnits = (value: string): number[] => Array.from({ length: value.length }, (_, at) => value.charCodeAt(at));

/** The same request said by other means than the code under test has: numbers, and how many of them follow. */
function identity({ scope, resource, audience, parameters }: Meaning): string {
  const name = (value: string) => `${value.length}:${codeUnits(value).join('.')}`;
  const names = (values: readonly string[]) => `${values.length}(${values.map(name).toSorted().join(';')})`;
  const pairs = parameters.map(([key, value]) => `${name(key)}=${name(value)}`).toSorted();
  return [names(scope), names(resource), names(audience), `${pairs.length}(${pairs.join(';')})`].join('/');
}

test('a request has the same key, however it is written [D1 R-13 R-53]', () => {
  const pairs = meanings.chain((meaning) => fc.tuple(spellings(meaning), spellings(meaning)));

  fc.assert(
    fc.property(pairs, ([one, other]) => {
      expect(requestKey(one)).toBe(requestKey(other));
      expect(requestKey(canonicalRequest(one))).toBe(requestKey(other));
    }),
  );
});

test('requests that differ in anything have different keys [D1]', () => {
  const requests = meanings.chain((meaning) => fc.tuple(fc.constant(meaning), spellings(meaning)));
  const known = new Map<string, string>();

  fc.assert(
    fc.property(requests, ([meaning, request]) => {
      const key = requestKey(request);
      const before = known.get(key) ?? identity(meaning);
      known.set(key, before);
      expect(identity(meaning)).toBe(before);
    }),
  );
});

test('a small change gives another key [D1]', () => {
  const change = fc.constantFrom<(meaning: Meaning) => Meaning>(
    (meaning) => ({ ...meaning, resource: meaning.audience, audience: meaning.resource }),
    (meaning) => ({ ...meaning, scope: meaning.scope.map((name) => name.toUpperCase()) }),
    (meaning) => ({ ...meaning, audience: meaning.audience.map((name) => name.normalize('NFC')) }),
    (meaning) => ({ ...meaning, audience: [meaning.audience.join(',')].filter((name) => name !== '') }),
    (meaning) => ({ ...meaning, scope: [meaning.scope.join(',')].filter((name) => name !== '') }),
    (meaning) => ({ ...meaning, parameters: meaning.parameters.map(([name, value]) => [value, name] as const) }),
    (meaning) => ({ ...meaning, parameters: [...meaning.parameters, ['another', 'x']] }),
    (meaning) => ({ ...meaning, parameters: meaning.parameters.slice(1) }),
  );
  const isUri = (name: string) => /^(urn|https):/.test(name);
  const requestOf = ({ parameters, ...rest }: Meaning) => ({ ...rest, parameters: Object.fromEntries(parameters) });

  fc.assert(
    fc.property(meanings, change, (meaning, changed) => {
      const other = changed(meaning);
      fc.pre(other.resource.every(isUri) && other.parameters.every(([name]) => name !== 'scope'));
      const isUnchanged = sorted(meaning) === sorted(other) || identity(meaning) === identity(other);
      fc.pre(!isUnchanged && new Set(other.parameters.map(([name]) => name)).size === other.parameters.length);

      expect(requestKey(requestOf(meaning))).not.toBe(requestKey(requestOf(other)));
    }),
  );
});

test('a key holds what is asked for, once, and little else [D1 D2]', () => {
  fc.assert(
    fc.property(meanings, (meaning) => {
      const { parameters, ...rest } = meaning;
      const key = requestKey({ ...rest, parameters: Object.fromEntries(parameters) });

      const said = [...Object.values(rest), ...parameters].flat();
      const quoted = said.reduce((sum, value) => sum + JSON.stringify(value).length, 0);
      expect(key.length).toBeLessThanOrEqual(quoted + said.length + 2 * parameters.length + 16);
    }),
  );
});

test('what a request does not say comes from the default one, and nothing else does [D1]', async () => {
  const optional = fc.record(
    {
      scope: fc.option(set(scopeToken), { nil: undefined }),
      resource: fc.option(set(uri), { nil: undefined }),
      audience: fc.option(set(text), { nil: undefined }),
      parameters: fc.option(fc.dictionary(parameterName, text, { maxKeys: 2 }), { nil: undefined }),
    },
    { requiredKeys: [] },
  );

  await fc.assert(
    fc.asyncProperty(optional, optional, fc.boolean(), async (defaults, request, isFrozen) => {
      const asked: (string | undefined)[] = [];
      const inner = {
        getToken: (passed?: TokenRequest) => {
          asked.push(passed && canonicalRequest(passed).key);
          return Promise.reject(new Error('no'));
        },
      };
      const tokens = withDefaultRequest(defaults)(inner);
      const said = isFrozen ? deepFreeze(request) : request;

      for (const each of [said, said, undefined]) await tokens.getToken(each).catch(() => undefined);

      const merged = requestKey({
        scope: request.scope ?? defaults.scope,
        resource: request.resource ?? defaults.resource,
        audience: request.audience ?? defaults.audience,
        parameters: request.parameters ?? defaults.parameters,
      });
      expect(asked).toEqual([merged, merged, requestKey(defaults)]);
    }),
  );
});

test('a request that went through one default request goes through another one [D1]', async () => {
  const asked: TokenRequest[] = [];
  const source = {
    getToken: (request: TokenRequest = {}) => {
      asked.push(request);
      return Promise.reject(new Error('no'));
    },
  };
  const tokens = withDefaultRequest({ audience: 'b' })(withDefaultRequest({ scope: 'a' })(source));

  await expect(tokens.getToken({ scope: 'c' })).rejects.toThrow('no');

  expect(asked).toMatchObject([{ scope: 'c', audience: ['b'] }]);
});

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value))
    if (typeof member === 'object' && member !== null) deepFreeze(member as object);
  return Object.freeze(value);
}
