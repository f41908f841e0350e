import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

import { expect, test } from '@jest/globals';

import { canPrompt, hiddenPrompt, readStdin, readToken, withoutNewline } from '../../../src/cli/io/input.js';
import { gate } from '../../support/adapter-service.js';
import { commandContext } from '../../support/command.js';

/** A terminal for a user who types, and its switches between raw mode and normal mode. */
function terminal() {
  const modes: boolean[] = [];
  const { opened: raw, open } = gate();
  const setRawMode = (isRaw: boolean) => {
    modes.push(isRaw);
    open();
  };
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
  const { context, stderr } = commandContext({ terminals: ['stderr'], context: { stdin } });
  return { stdin, context, modes, raw, stderr: () => stripVTControlCharacters(stderr()) };
}

test('prompts for a line without showing it, and restores the terminal', async () => {
  const { stdin, context, stderr, modes } = terminal();

  const answer = hiddenPrompt('Secret', context);
  stdin.write('open \u007f sesame\r');

  expect(await answer).toBe('open sesame');
  expect(stderr()).toBe('Secret: \n');
  expect(modes).toEqual([true, false]);
});

test('prompts twice in one run', async () => {
  const { stdin, context, stderr, modes } = terminal();

  const first = hiddenPrompt('Secret', context);
  stdin.write('one\r');
  expect(await first).toBe('one');
  const second = hiddenPrompt('Token', context);
  stdin.write('two\r');

  expect(await second).toBe('two');
  expect(stderr()).toBe('Secret: \nToken: \n');
  expect(modes).toEqual([true, false, true, false]);
});

test('Ctrl-D at an empty prompt is the end of the input', async () => {
  const { stdin, context, modes } = terminal();

  const answer = hiddenPrompt('Secret', context);
  stdin.write('\u0004');

  expect(await answer).toBe('');
  expect(modes).toEqual([true, false]);
});

test('Ctrl-C at the prompt is an interruption', async () => {
  const { stdin, context, modes } = terminal();

  const answer = hiddenPrompt('Secret', context);
  stdin.write('half\u0003');

  await expect(answer).rejects.toMatchObject({ exitCode: 130 });
  expect(modes).toEqual([true, false]);
});

test('returns an empty text at the end of the input', async () => {
  const { stdin, context } = terminal();

  const answer = hiddenPrompt('Secret', context);
  stdin.end();

  expect(await answer).toBe('');
});

test('a signal ends the prompt', async () => {
  const { context, modes, raw } = terminal();
  const interrupted = new AbortController();

  const answer = hiddenPrompt('Secret', { ...context, signal: interrupted.signal });
  await raw;
  interrupted.abort(new Error('enough'));

  await expect(answer).rejects.toThrow('enough');
  expect(modes).toEqual([true, false]);
});

test.each([
  [['stdin', 'stderr'], true],
  [['stdin'], false],
  [['stderr'], false],
] as const)('with a terminal at %j, the command can prompt: %p', (terminals, expected) => {
  expect(canPrompt(commandContext({ terminals }).context)).toBe(expected);
});

test('reads stdin to its end, and only once', async () => {
  const { context } = commandContext({ stdin: 'both\nlines\r\n' });

  expect(withoutNewline((await readStdin(context)).toString())).toBe('both\nlines');
  await expect(readStdin(context)).rejects.toThrow('stdin is used twice');
});

test('stops reading stdin after a signal', async () => {
  const interrupted = new AbortController();
  const { context } = commandContext({ context: { stdin: new PassThrough(), signal: interrupted.signal } });

  const reading = readStdin(context);
  interrupted.abort(new Error('enough'));

  await expect(reading).rejects.toThrow('enough');
});

test.each([
  ['given', 'c4n4ry-t0ken', ''],
  ['of stdin', undefined, ' c4n4ry-t0ken\n'],
  ['in a header', undefined, 'authorization: bearer c4n4ry-t0ken\r\n'],
  ['in the value of a header', 'DPoP  c4n4ry-t0ken', ''],
])('reads a token %s, without the rest', async (_, given, stdin) => {
  expect(await readToken(commandContext({ stdin }).context, given)).toBe('c4n4ry-t0ken');
});

test('prompts for a token on a terminal, unless there is one', async () => {
  const { stdin, context, stderr } = terminal();

  const given = await readToken(context, 'given');
  const asked = readToken(context);
  stdin.write('typed\r');

  expect([given, await asked]).toEqual(['given', 'typed']);
  expect(stderr()).toBe('Token (hidden): \n');
});

test.each([
  ['', 'the token is missing'],
  ['Bearer c4n4ry two', 'the input is not a token'],
  ['c4n4ry\u00e9', 'the input is not a token'],
])('refuses %j as a token, and does not repeat it [F4]', async (stdin, message) => {
  const reading = readToken(commandContext({ stdin }).context);

  await expect(reading).rejects.toMatchObject({ message, exitCode: 2, advice: 'pipe the token into stdin' });
});
