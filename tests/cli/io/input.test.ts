import { PassThrough } from 'node:stream';

import { expect, test } from '@jest/globals';

import { canPrompt, hiddenPrompt, readStdin, readToken, withoutNewline } from '../../../src/cli/io/input.js';
import { commandContext } from '../../support/command.js';

/** A terminal at which somebody types; the mode is switched as on a real one. */
function terminal() {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (raw: boolean) => void modes.push(raw) });
  const { context, stderr } = commandContext({ terminals: ['stderr'], context: { stdin } });
  return { stdin, context, stderr, modes };
}

test('asks without showing what is typed, and gives the terminal back', async () => {
  const { stdin, context, stderr, modes } = terminal();

  const answer = hiddenPrompt('Secret', context);
  stdin.write('open \u007f sesame\r');

  expect(await answer).toBe('open sesame');
  expect(stderr()).toBe('Secret: \n');
  expect(modes).toEqual([true, false]);
});

test('Ctrl-C at the prompt ends the command as a signal would', async () => {
  const { stdin, context, modes } = terminal();

  const answer = hiddenPrompt('Secret', context);
  stdin.write('half\u0003');

  await expect(answer).rejects.toMatchObject({ exitCode: 130 });
  expect(modes).toEqual([true, false]);
});

test('the end of the input is an empty answer', async () => {
  const { stdin, context } = terminal();

  const answer = hiddenPrompt('Secret', context);
  stdin.end();

  expect(await answer).toBe('');
});

test('a signal ends the prompt', async () => {
  const { context, modes } = terminal();
  const interrupted = new AbortController();

  const answer = hiddenPrompt('Secret', { ...context, signal: interrupted.signal });
  interrupted.abort(new Error('enough'));

  await expect(answer).rejects.toThrow('enough');
  expect(modes).toEqual([true, false]);
});

test.each([
  [['stdin', 'stderr'], true],
  [['stdin'], false],
  [['stderr'], false],
] as const)('with a terminal at %j somebody can be asked: %p', (terminals, expected) => {
  expect(canPrompt(commandContext({ terminals }).context)).toBe(expected);
});

test('stdin is read whole, and once', async () => {
  const { context } = commandContext({ stdin: 'both\nlines\r\n' });

  expect(withoutNewline(await readStdin(context))).toBe('both\nlines');
  await expect(readStdin(context)).rejects.toThrow('can be read only once');
});

test('a signal ends the reading of stdin', async () => {
  const interrupted = new AbortController();
  const { context } = commandContext({ context: { stdin: new PassThrough(), signal: interrupted.signal } });

  const reading = readStdin(context);
  interrupted.abort(new Error('enough'));

  await expect(reading).rejects.toThrow('enough');
});

test.each([
  ['given', 'c4n4ry-t0ken', ''],
  ['that comes by stdin', undefined, ' c4n4ry-t0ken\n'],
  ['that comes as a header', undefined, 'authorization: bearer c4n4ry-t0ken\r\n'],
  ['that comes as the value of a header', 'DPoP  c4n4ry-t0ken', ''],
])('a token %s is read without what is around it', async (_, given, stdin) => {
  expect(await readToken(commandContext({ stdin }).context, given)).toBe('c4n4ry-t0ken');
});

test('whoever sits at a terminal is asked for a token, but not for one that is given', async () => {
  const { stdin, context, stderr } = terminal();

  const given = await readToken(context, 'given');
  const asked = readToken(context);
  stdin.write('typed\r');

  expect([given, await asked]).toEqual(['given', 'typed']);
  expect(stderr()).toBe('Token (not shown): \n');
});

test.each([
  ['', 'there is no token'],
  ['Bearer c4n4ry two', 'this is no token'],
  ['c4n4ry\u00e9', 'this is no token'],
])('%j is no token, and is not repeated [F4]', async (stdin, message) => {
  const reading = readToken(commandContext({ stdin }).context);

  await expect(reading).rejects.toMatchObject({ message, exitCode: 2, advice: 'pipe it into stdin' });
});
