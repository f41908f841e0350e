import { expect, test } from '@jest/globals';

import { retryAfterMs } from '../../src/core/retry-after.js';
import { fc } from '../support/fc.js';

const hour = 3_600_000;
const times = fc.oneof(fc.integer({ min: 0, max: 4_102_444_800_000 }), fc.constant(Date.UTC(2026, 0, 1)));
const pieces = fc.constantFrom(
  'Thu',
  ',',
  ' ',
  '01',
  'Jan',
  '2026',
  '00:00:00',
  'GMT',
  '-',
  '+',
  '1e9',
  '9',
  ':',
  '\t',
  '.',
  'Z',
);
const fields = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789 -+.eE:,')) }),
  fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.bigInt().map(String),
  fc.constant(null),
);

/** The header of a response whose only field is `Retry-After`. */
const headersWith = (field: string | null): Pick<Headers, 'get'> => ({
  get: (name) => (name === 'retry-after' ? field : null),
});

test('whatever the field says, the wait is unknown or up to an hour [R-41]', () => {
  fc.assert(
    fc.property(fields, times, (field, now) => {
      const ms = retryAfterMs(headersWith(field), now);

      expect(ms === undefined || (ms >= 0 && ms <= hour)).toBe(true);
    }),
  );
});

test('seconds and dates are waited for as long as they say [R-41]', () => {
  const waits = fc.integer({ min: 1, max: 3_600 });
  const now = fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => seconds * 1_000);

  fc.assert(
    fc.property(waits, now, (seconds, since) => {
      const date = new Date(since + seconds * 1_000).toUTCString();

      expect(retryAfterMs(headersWith(String(seconds)), since)).toBe(seconds * 1_000);
      expect(retryAfterMs(headersWith(` ${date} `), since)).toBe(seconds * 1_000);
    }),
  );
});
