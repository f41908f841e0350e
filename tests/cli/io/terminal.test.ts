import { expect, test } from '@jest/globals';

import { alive, printable, styleOf, write } from '../../../src/cli/io/terminal.js';
import { gate } from '../../support/adapter-service.js';
import { fakeClock } from '../../support/clock.js';
import { commandContext, type CommandOptions } from '../../support/command.js';
import { settle } from '../../support/tokens.js';

test.each([
  [true, {}, '\u001b[31mno\u001b[39m'],
  [true, { NO_COLOR: '' }, '\u001b[31mno\u001b[39m'],
  [true, { NO_COLOR: '1' }, 'no'],
  [true, { TERM: 'dumb' }, 'no'],
  [false, {}, 'no'],
])('colours: terminal %p and %j', (isTTY, env, text) => {
  expect(styleOf({ isTTY }, env)('red', 'no')).toBe(text);
});

test('what came over the network cannot move the cursor or turn the text round', () => {
  expect(printable('a\u001b[2J\nb\u009bc\u202ed é')).toBe('a\\u001b[2J\\u000ab\\u009bc\\u202ed é');
});

/** Work that ends when the test says so, at a terminal or elsewhere. */
function working(options: CommandOptions) {
  const clock = fakeClock();
  const { context, stderr } = commandContext({ ...options, context: { clock } });
  const { opened, open } = gate();
  const outcome = alive('asking', context, () => opened.then(() => 'done'));
  return { clock, outcome, finish: open, stderr };
}

test('long work shows on a terminal that it goes on, and leaves nothing there', async () => {
  const { clock, outcome, finish, stderr } = working({ terminals: ['stderr'] });

  for (const ms of [300, 100]) {
    await settle();
    clock.advance(ms);
  }
  await settle();
  finish();

  expect(await outcome).toBe('done');
  expect(stderr()).toBe('⠋ asking …\r\u001b[K⠙ asking …\r\u001b[K');
});

test('the line is gone too when the work fails', async () => {
  const clock = fakeClock();
  const { context, stderr } = commandContext({ terminals: ['stderr'], context: { clock } });
  const { opened, open } = gate();

  const outcome = alive('asking', context, () => opened.then(() => Promise.reject(new Error('no'))));
  clock.advance(300);
  await settle();
  open();

  await expect(outcome).rejects.toThrow('no');
  expect(stderr()).toBe('⠋ asking …\r\u001b[K');
});

test.each([
  ['quick work', { terminals: ['stderr'] }, 299],
  ['work without a terminal', {}, 10_000],
  ['work at a dumb terminal', { terminals: ['stderr'], environment: { TERM: 'dumb' } }, 10_000],
] satisfies [string, CommandOptions, number][])('%s shows nothing', async (_, options, ms) => {
  const { clock, outcome, finish, stderr } = working(options);

  clock.advance(ms);
  await settle();
  finish();

  expect(await outcome).toBe('done');
  expect(stderr()).toBe('');
});

test('a text that the stream does not take is an error', async () => {
  const { context } = commandContext();
  context.stdout.destroy();

  await expect(write(context.stdout, 'text')).rejects.toThrow('destroyed');
});
