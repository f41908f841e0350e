import { expect, test } from '@jest/globals';

import { checkClock } from '../../../../../src/cli/commands/doctor/checks/clock.js';
import type { RecordedResponse } from '../../../../../src/cli/commands/doctor/response-recorder.js';

const now = Date.UTC(2026, 0, 1);

const response = (date: string | null, tookMs = 0): RecordedResponse => ({
  date,
  sentAt: now,
  receivedAt: now + tookMs,
  hasLifetime: false,
  hasScope: false,
});
const at = (ms: number) => new Date(now + ms).toUTCString();

test.each([
  ['the same time', response(at(0))],
  ['a little ahead', response(at(-10_000))],
  ['a little behind', response(at(10_000))],
  ['a server that was slow', response(at(60_000), 60_000)],
  ['a response that was slow to arrive', response(at(0), 60_000)],
])('passes: %s', (_, seen) => {
  expect(checkClock([seen])).toMatchObject([{ verdict: 'pass' }]);
});

test.each([
  [-60_000, '59 s ahead of'],
  [-3_600_000, '59 min 59 s ahead of'],
  [60_000, '1 min behind'],
])('warns about a server whose clock differs by %d ms [R-92]', (ms, what) => {
  expect(checkClock([response(at(ms))])).toMatchObject([
    { verdict: 'warn', what: `the clock of this machine is ${what} the clock of the server` },
  ]);
});

test.each([[[]], [[response(null)]], [[response('yesterday')]]])('reports nothing without a date', (responses) => {
  expect(checkClock(responses)).toEqual([]);
});
