import { CommandError } from './command-error.js';
import type { CommandContext } from './command-context.js';

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

/** The text of a file or of stdin without the newline at its end. */
export function withoutNewline(text: Buffer): string {
  return text.toString('utf8').replace(/\r?\n$/, '');
}
