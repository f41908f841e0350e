import { expect, test } from '@jest/globals';

import { formatDuration, parseDuration } from '../../../src/cli/io/duration.js';

test.each([
  ['250ms', 250],
  ['60s', 60_000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('%s is a duration', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '60', 's', '-1s', '1 s', '1w', '1e3s'])('"%s" is not a duration', (text) => {
  expect(() => parseDuration(text)).toThrow('is not a duration');
});

test.each([
  [0, '0 s'],
  [400, '0 s'],
  [59_000, '59 s'],
  [-59_000, '59 s'],
  [3_600_000, '1 h'],
  [5_400_000, '1 h 30 min'],
  [90_061_000, '1 d 1 h'],
  [40_000_000_000, '1 y 97 d'],
])('formats %d ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
