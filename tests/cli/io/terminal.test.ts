import { expect, test } from '@jest/globals';

import { printable, styleOf, write } from '../../../src/cli/io/terminal.js';
import { commandContext } from '../../support/command.js';

test.each([
  [true, {}, '\u001b[31mno\u001b[39m'],
  [true, { NO_COLOR: '' }, '\u001b[31mno\u001b[39m'],
  [true, { NO_COLOR: '1' }, 'no'],
  [true, { TERM: 'dumb' }, 'no'],
  [false, {}, 'no'],
])('colours text with a terminal %p and %j', (isTTY, env, text) => {
  expect(styleOf({ isTTY }, env)('red', 'no')).toBe(text);
});

test('leaves the user and password of a URL out [F15]', () => {
  expect(printable('at https://orders:c4n4ry@a.example.com/x and mailto:a@b')).toBe(
    'at https://a.example.com/x and mailto:a@b',
  );
});

test('escapes characters that move the cursor or change the direction of text', () => {
  expect(printable('a\u001b[2J\nb\u009bc\u202ed é')).toBe('a\\u001b[2J\\u000ab\\u009bc\\u202ed é');
});

test('writing to a closed stream fails', async () => {
  const { context } = commandContext();
  context.stdout.destroy();

  await expect(write(context.stdout, 'text')).rejects.toThrow('destroyed');
});
