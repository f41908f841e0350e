import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { alive, printable, styleOf, write } from '../../src/cli/terminal.js';
import { commandContext } from '../support/command.js';

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

test('long work shows on a terminal that it goes on, and leaves nothing there', async () => {
  const { context, stderr } = commandContext({ terminals: ['stderr'] });

  // Real time: what is shown is shown by a timer.
  const outcome = await alive('asking', context, () => sleep(550, 'done'));

  expect(outcome).toBe('done');
  expect(stderr()).toMatch(/asking …/);
  expect(stderr()).toMatch(/\r\u001b\[K$/);
});

test.each([
  ['quick work', ['stderr'], {}, 1],
  ['work without a terminal', [], {}, 450],
  ['work at a dumb terminal', ['stderr'], { TERM: 'dumb' }, 450],
] as const)('%s shows nothing', async (_, terminals, environment, ms) => {
  const { context, stderr } = commandContext({ terminals, environment });

  await alive('asking', context, () => sleep(ms));

  expect(stderr()).toBe('');
});

test('a text that the stream does not take is an error', async () => {
  const { context } = commandContext();
  context.stdout.destroy();

  await expect(write(context.stdout, 'text')).rejects.toThrow();
});
