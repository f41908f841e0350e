import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { CommandError } from './command-error.js';

/** A file that a setting names. */
export interface TextFile {
  readonly path: string;
  /** The content, for messages: `the client secret`. */
  readonly what: string;
  /** The flag or variable that names the file. */
  readonly source: string;
}

/**
 * Reads a text file.
 * @throws {CommandError} if the file cannot be read, or is not text; the message contains the path only if
 * {@link isPath} returns `true`
 */
export async function readTextFile({ path, what, source }: TextFile): Promise<string> {
  const bytes = await readFile(path).catch(({ code }: NodeJS.ErrnoException) => {
    if (isPath(path))
      throw new CommandError(`${what} cannot be read from ${path} (${code})`, { advice: `check ${source}` });
    throw new CommandError(`${what} cannot be read: ${source} is not the path of a file (${code})`, {
      advice: `set ${source} to the path of a file; its value is hidden, because it may be a secret`,
    });
  });
  return decodeText(bytes, path);
}

/**
 * Whether a text is certainly a path: the file exists, or its folder does (`.` and the root do not count). Any other
 * text may be a secret in place of a path.
 */
export function isPath(text: string): boolean {
  const folder = dirname(text);
  return existsSync(text) || (folder !== '.' && folder !== dirname(folder) && existsSync(folder));
}

/**
 * Decodes a text in UTF-8, or in UTF-16 with a byte order mark. The mark is skipped. `name` is the subject of messages.
 * @throws {CommandError} if the text has another encoding
 */
export function decodeText(bytes: Buffer, name: string): string {
  const failed = (flaw: string) => new CommandError(`${name} ${flaw}`, { advice: 'save it as text in UTF-8' });
  let text: string;
  try {
    text = new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw failed('is not text in UTF-8');
  }
  if (text.includes('\0')) throw failed('contains zero bytes, as UTF-16 without a byte order mark does');
  return text;
}

function encodingOf([first, second]: Buffer): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
