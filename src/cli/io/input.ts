import type { CommandContext } from '../context.js';
import { CommandError, Interruption } from './command-error.js';
import { printable, write } from './terminal.js';
import { decodeText } from './text.js';

/** Whether a user can answer a prompt: stdin and stderr are a terminal. */
export function canPrompt({ stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/**
 * Asks for one line on the terminal and hides the input. Returns an empty text when the input ends.
 * @throws {Interruption} on Ctrl-C
 * @throws the reason of `signal`
 */
export async function hiddenPrompt(
  question: string,
  { stdin, stderr, signal }: Pick<CommandContext, 'stdin' | 'stderr' | 'signal'>,
): Promise<string> {
  const { read } = await import('read');
  signal.throwIfAborted();
  // Ctrl-C is the only way to end `read` from outside.
  const onAbort = () => void stdin.emit('keypress', '\u0003', { name: 'c', ctrl: true });
  signal.addEventListener('abort', onAbort);
  // At the end of the input, `read` pauses stdin and stays pending. It also pauses stdin just before it returns a line:
  // setImmediate lets that line win the race.
  const ended = new Promise<string>((resolve) => stdin.once('pause', () => setImmediate(resolve, '')));
  try {
    const line = read({ prompt: `${printable(question)}:`, input: stdin, output: stderr, silent: true });
    return await Promise.race([line, ended]);
  } catch {
    signal.throwIfAborted();
    throw new Interruption('SIGINT');
  } finally {
    signal.removeEventListener('abort', onAbort);
    await write(stderr, '\n');
  }
}

/**
 * Reads stdin to its end.
 * @throws {CommandError} if stdin was read before
 */
export async function readStdin({ stdin, signal }: Pick<CommandContext, 'stdin' | 'signal'>): Promise<Buffer> {
  if (stdin.readableEnded || stdin.destroyed) {
    throw new CommandError('stdin is used twice', { advice: 'read one of the two from a file' });
  }
  const onAbort = () => stdin.destroy();
  signal.addEventListener('abort', onAbort);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks);
  } finally {
    signal.removeEventListener('abort', onAbort);
    signal.throwIfAborted();
  }
}

/**
 * Returns the given token, or reads one from the prompt or stdin.
 * @throws {CommandError} if there is no token
 */
export async function readToken(context: CommandContext, given?: string): Promise<string> {
  const read = async () =>
    canPrompt(context)
      ? hiddenPrompt('Token (hidden)', context)
      : decodeText(await readStdin(context), 'the token on stdin');
  // Also accepts a whole line "Authorization: Bearer …".
  const token = (given ?? (await read())).trim().replace(/^(authorization:\s*)?(bearer|dpop)\s+/i, '');
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CommandError(token === '' ? 'the token is missing' : 'the input is not a token', {
      advice: 'pipe the token into stdin',
    });
  }
  return token;
}

/** A text without the newline at its end. */
export const withoutNewline = (text: string): string => text.replace(/\r?\n$/, '');
