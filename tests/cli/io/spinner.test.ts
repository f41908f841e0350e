import { expect, test } from '@jest/globals';

import { withSpinner } from '../../../src/cli/io/spinner.js';
import { gate } from '../../support/adapter-service.js';
import { fakeClock } from '../../support/clock.js';
import { commandContext, type CommandOptions } from '../../support/command.js';
import { settle } from '../../support/tokens.js';

/** Work that ends when the test opens a gate. */
function working(options: CommandOptions) {
  const clock = fakeClock();
  const { context, stderr } = commandContext({ ...options, context: { clock } });
  const { opened, open } = gate();
  const outcome = withSpinner('waiting', context, () => opened.then(() => 'done'));
  return { clock, outcome, finish: open, stderr };
}

test.each([
  ['quick work', { terminals: ['stderr'] }, 299],
  ['work without a terminal', {}, 10_000],
  ['work on a dumb terminal', { terminals: ['stderr'], environment: { TERM: 'dumb' } }, 10_000],
  ['work in CI', { terminals: ['stderr'], environment: { CI: 'true' } }, 10_000],
] satisfies [string, CommandOptions, number][])('%s has no spinner', async (_, options, ms) => {
  const { clock, outcome, finish, stderr } = working(options);

  clock.advance(ms);
  await settle();
  finish();

  expect(await outcome).toBe('done');
  expect(stderr()).toBe('');
});
