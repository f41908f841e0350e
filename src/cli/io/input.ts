import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

import type { CommandContext } from '../context.js';
import { CommandError, Interruption } from './command-error.js';
import { write } from './terminal.js';

/** Whether there is somebody to ask. */
export function canPrompt({ stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/**
 * Asks for a line on the terminal without showing what is typed; an empty one when the input ends.
 * @throws {Interruption} for Ctrl-C
 */
export async function hiddenPrompt(
  question: string,
  { stdin, stderr, signal }: Pick<CommandContext, 'stdin' | 'stderr' | 'signal'>,
): Promise<string> {
  // readline switches the echo of the terminal off, and what it would show itself goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  let giveUp = () => {};
  try {
    const answer = new Promise<string>((resolve, reject) => {
      giveUp = () => reject(signal.reason as Error);
      signal.addEventListener('abort', giveUp);
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
      // Without echo there is no signal for Ctrl-C either: readline gets the character.
      lines.once('SIGINT', () => reject(new Interruption('SIGINT')));
    });
    // Only now, when nothing is shown any more, may somebody type.
    await write(stderr, `${question}: `);
    return await answer;
  } finally {
    signal.removeEventListener('abort', giveUp);
    lines.close();
    await write(stderr, '\n');
  }
}

/**
 * All that comes by stdin.
 * @throws {CommandError} when it was read before
 */
export async function readStdin({ stdin, signal }: Pick<CommandContext, 'stdin' | 'signal'>): Promise<Buffer> {
  if (stdin.readableEnded || stdin.destroyed) {
    throw new CommandError('stdin is to give two things, and can be read only once', {
      advice: 'take one of them from a file',
    });
  }
  const giveUp = () => stdin.destroy();
  signal.addEventListener('abort', giveUp);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks);
  } finally {
    signal.removeEventListener('abort', giveUp);
    signal.throwIfAborted();
  }
}

/**
 * A token: the one that is given, or what is typed or comes by stdin.
 * @throws {CommandError} when there is none
 */
export async function readToken(context: CommandContext, given?: string): Promise<string> {
  const read = async () =>
    canPrompt(context) ? hiddenPrompt('Token (not shown)', context) : (await readStdin(context)).toString('utf8');
  // "Authorization: Bearer …" is what people have at hand.
  const token = (given ?? (await read())).trim().replace(/^(authorization:\s*)?(bearer|dpop)\s+/i, '');
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CommandError(token === '' ? 'there is no token' : 'this is no token', { advice: 'pipe it into stdin' });
  }
  return token;
}

/** The text of a file or of stdin without the newline at its end. */
export function withoutNewline(text: Buffer): string {
  return text.toString('utf8').replace(/\r?\n$/, '');
}
