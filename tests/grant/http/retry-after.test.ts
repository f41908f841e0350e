import { expect, test } from '@jest/globals';

import { errorFor } from '../../support/grant-outcome.js';

const hour = 3_600_000;

/** How long the error asks to wait if an unavailable server sends this field. Its clock and the fake one begin in 2026. */
async function retryAfterMsFor(field: string, date = 'Thu, 01 Jan 2026 00:00:00 GMT'): Promise<number | undefined> {
  const error = await errorFor({ status: 503, headers: { 'retry-after': field, date } });
  return (error as { readonly retryAfterMs: number | undefined }).retryAfterMs;
}

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
])('Retry-After is read if it is %s [R-41]', async (_what, field, expected) => {
  expect(await retryAfterMsFor(field)).toBe(expected);
});

test.each([
  ['empty', ''],
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
  // A delay of zero would switch the backoff off.
  ['zero', '0'],
  ['a date in the past', 'Wed, 31 Dec 2025 23:59:59 GMT'],
  ['a date long ago', 'Sun, 06 Nov 1994 08:49:37 GMT'],
])('Retry-After is ignored if it is %s [R-41]', async (_what, field) => {
  expect(await retryAfterMsFor(field)).toBeUndefined();
});

test.each([
  ['a clock that is an hour ahead', 'Thu, 01 Jan 2026 01:00:00 GMT', 'Thu, 01 Jan 2026 01:01:30 GMT', 90_000],
  ['a clock that is a day behind', 'Wed, 31 Dec 2025 00:00:00 GMT', 'Wed, 31 Dec 2025 00:00:07 GMT', 7_000],
  ['no readable Date', 'yesterday', 'Thu, 01 Jan 2026 00:01:30 GMT', 90_000],
  ['seconds, which need no clock', 'Wed, 31 Dec 2025 00:00:00 GMT', '7', 7_000],
])(
  'Retry-After is compared with the Date of the response: a server with %s [A57 R-41]',
  async (_what, date, field, expected) => {
    expect(await retryAfterMsFor(field, date)).toBe(expected);
  },
);
