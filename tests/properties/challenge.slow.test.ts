import { expect, test } from '@jest/globals';

import { rejectsToken } from '../../src/adapters/challenge.js';
import { parseChallenges } from '../../src/core/challenges.js';
import { cpuCost } from '../support/cpu-cost.js';
import { fc } from '../support/fc.js';

const tokenCharacter = fc.constantFrom(...Array.from("abcXYZ019!#$%&'*+.^_`|~-"));
const token = fc.string({ unit: tokenCharacter, minLength: 1, maxLength: 8 });
const quotable = fc.string({
  unit: fc.constantFrom(...Array.from(' \t!,="\\;:Bearer é(){}~/\0\u2028')),
  maxLength: 12,
});
const token68 = fc.tuple(
  fc.string({ unit: fc.constantFrom(...Array.from('aZ0-._~+/')), minLength: 1 }),
  fc.constantFrom('', '=', '=='),
);

const parameters = fc
  .uniqueArray(fc.tuple(token, quotable), { minLength: 1, maxLength: 4, selector: ([name]) => name.toLowerCase() })
  .map((entries) =>
    entries.map(([name, value]) => [name, `${name}="${value.replace(/["\\]/g, '\\$&')}"`, value] as const),
  );

const challenge = fc.oneof(
  fc.record({ scheme: token }).map(({ scheme }) => ({ scheme, written: scheme, read: {} })),
  fc.tuple(token, token68).map(([scheme, parts]) => ({ scheme, written: `${scheme} ${parts.join('')}`, read: {} })),
  fc.tuple(token, parameters).map(([scheme, entries]) => ({
    scheme,
    written: `${scheme} ${entries.map(([, written]) => written).join(', ')}`,
    read: Object.fromEntries(entries.map(([name, , value]) => [name.toLowerCase(), value])),
  })),
);

test('challenges of all kinds side by side are read back, schemes with a token68 among them [R-39]', () => {
  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 5 }), (challenges) => {
      const read = parseChallenges(challenges.map(({ written }) => written).join(', '));

      expect(read.map((each) => [each.scheme, Object.fromEntries(each.parameters)])).toEqual(
        challenges.map((each) => [each.scheme.toLowerCase(), each.read]),
      );
    }),
  );
});

test('the order of challenges does not change whether the token is rejected [E6 R-34]', () => {
  const pair = fc
    .array(challenge, { maxLength: 4 })
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
  const bearer = fc.constantFrom(
    'Bearer error="invalid_token"',
    'Bearer error="insufficient_scope"',
    'Basic realm="x"',
  );

  fc.assert(
    fc.property(pair, bearer, ([one, other], last) => {
      const rejects = (order: typeof one) =>
        rejectsToken(401, [...order.map(({ written }) => written), last].join(', '));

      expect(rejects(one)).toBe(rejects(other));
    }),
  );
});

test('whatever stands behind a challenge that does not parse, what stands before it is read [E26]', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (junk) => {
      const [first] = parseChallenges(`Bearer error="invalid_token", ,"${junk}`);

      expect(first?.scheme).toBe('bearer');
      expect(first?.parameters.get('error')).toBe('invalid_token');
      expect(rejectsToken(401, `Bearer error="invalid_token", ,"${junk}`)).toBe(true);
    }),
  );
});

test('twice as long a field does not take four times as long, whatever it is made of [E26]', async () => {
  const pieces = fc.array(fc.constantFrom('a', 'a=', 'a="', '"', '\\', ' ', '\t', ',', '=', 'a b', 'Bearer '), {
    minLength: 1,
    maxLength: 5,
  });

  await fc.assert(
    fc.asyncProperty(pieces, pieces, async (start, repeated) => {
      const unit = repeated.join('');
      const field = (length: number) => start.join('') + unit.repeat(Math.ceil(length / unit.length));
      parseChallenges(field(1_000));
      // For 16 kB, as much as Node takes of all headers; a square of that length would be 250 million steps.
      expect(await cpuCost(() => parseChallenges(field(16_384)), 100)).toBeLessThan(100);
    }),
  );
});
