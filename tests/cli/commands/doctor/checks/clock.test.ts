import { expect, test } from '@jest/globals';

import { checkClock } from '../../../../../src/cli/commands/doctor/checks/clock.js';
import type { SeenReply } from '../../../../../src/cli/commands/doctor/reply-recorder.js';

const now = Date.UTC(2026, 0, 1);

const reply = (date: string | null, tookMs = 0): SeenReply => ({
  url: 'https://a',
  status: 200,
  date,
  sentAt: now,
  receivedAt: now + tookMs,
  saysLifetime: false,
});
const at = (ms: number) => new Date(now + ms).toUTCString();

test.each([
  ['the same time', reply(at(0))],
  ['a little ahead', reply(at(-10_000))],
  ['a little behind', reply(at(10_000))],
  ['a server that was slow', reply(at(60_000), 60_000)],
  ['an answer that was long on its way', reply(at(0), 60_000)],
])('%s is no trouble', (_, seen) => {
  expect(checkClock([seen])).toMatchObject([{ verdict: 'good' }]);
});

test.each([
  [-60_000, '59 s ahead of'],
  [-3_600_000, '59 min 59 s ahead of'],
  [60_000, '1 min behind'],
])('found: a server whose clock differs by %d ms [R-92]', (ms, what) => {
  expect(checkClock([reply(at(ms))])).toMatchObject([
    { verdict: 'doubtful', what: `the clock of this machine is ${what} that of the server` },
  ]);
});

test.each([[[]], [[reply(null)]], [[reply('yesterday')]]])('without a date there is nothing to compare', (replies) => {
  expect(checkClock(replies)).toEqual([]);
});
