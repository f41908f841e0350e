import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { fuzz } from './fuzz.js';
import { targets } from './targets.js';

test.each(targets.map((target) => [target.name, target] as const))(
  'any %s is read, in time and by its rules [A28 E26]',
  async (_name, target) => {
    await expect(fuzz(target, { runs: 700, seed: 1 })).resolves.toBeUndefined();
  },
);

test.each<[string, (input: number) => unknown, RegExp]>([
  ['a crash', (input) => (input > 9 ? (undefined as unknown as number[])[0] : 0), /Cannot read/],
  ['an input whose time is the square of its length', () => squared(30_000), /as long as \d+ thousand/],
  ['a polluted prototype', () => Object.assign(Object.prototype, { polluted: 1 }), /Object\.prototype: polluted/],
])('the fuzzer sees %s', async (_what, read, message) => {
  const target = { name: 'slow', inputs: fc.nat(), corpus: [10], read: read as (input: never) => unknown };
  try {
    await expect(fuzz(target, { runs: 5, seed: 1 })).rejects.toThrow(message);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'polluted');
  }
});

/** Backtracks from each character to the end. */
function squared(length: number): boolean {
  return /(?:a+)b/.test('a'.repeat(length));
}
