import { expect, test } from '@jest/globals';

import { retryAfterMs } from '../../../src/grant/http/retry-after.js';

const now = Date.UTC(2026, 0, 1);
const hour = 3_600_000;

test.each([
  ['seconds', '120', 120_000],
  ['seconds with white space around them', ' 7 ', 7_000],
  ['a date', 'Thu, 01 Jan 2026 00:01:30 GMT', 90_000],
  ['a date as in RFC 850', 'Thursday, 01-Jan-26 00:01:30 GMT', 90_000],
  ['a date as of asctime, which is in UTC', 'Thu Jan  1 00:01:30 2026', 90_000],
  ['an hour', '3600', hour],
  ['more than an hour', '3601', hour],
  ['a year', '31536000', hour],
  ['more seconds than a number holds', '9'.repeat(400), hour],
  ['a date in a hundred years', 'Wed, 01 Jan 2126 00:00:00 GMT', hour],
])('reads %s [R-41]', (_what, field, expected) => {
  expect(retryAfterMs(field, now)).toBe(expected);
});

test.each([
  ['no field', null],
  ['an empty field', ''],
  ['a word', 'soon'],
  ['a negative number', '-1'],
  ['a fraction', '1.5'],
  ['an exponent', '1e3'],
  ['hexadecimal', '0x10'],
  ['a unit', '10s'],
  ['two values', '10, 20'],
  ['a year', 'Jan 2027'],
  ['an ISO date', '2026-01-01T00:01:30Z'],
  ['a day that does not exist', 'Thu, 99 Jan 2026 00:01:30 GMT'],
])('makes nothing of %s [R-41]', (_what, field) => {
  expect(retryAfterMs(field, now)).toBeUndefined();
});

// A wait of nothing would switch the back-off off.
test.each([
  ['no seconds', '0'],
  ['a date that is past', 'Wed, 31 Dec 2025 23:59:59 GMT'],
  ['a date that is long past', 'Sun, 06 Nov 1994 08:49:37 GMT'],
])('takes %s for no word on when to come back [R-41]', (_what, field) => {
  expect(retryAfterMs(field, now)).toBeUndefined();
});
