import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import type { CommandContext } from '../../context.js';
import { CommandError } from '../../io/command-error.js';
import { printable, styleOf, write } from '../../io/terminal.js';

/** Writes status and headers to stdout. */
export function writeHead({ status, statusText, headers }: Response, { stdout }: CommandContext): Promise<void> {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return write(stdout, `HTTP/1.1 ${status} ${statusText}`.trimEnd() + `\r\n${lines.join('')}\r\n`);
}

/**
 * Writes the body to a file, or to stdout if `path` is absent. Returns whether a terminal then needs a newline.
 * @throws {CommandError} if the file cannot be written
 */
export async function writeBody(
  { body }: Response,
  path: string | undefined,
  { stdout }: CommandContext,
): Promise<boolean> {
  if (path !== undefined) {
    const file = await open(path, 'w').catch(({ code }: NodeJS.ErrnoException) => {
      throw new CommandError(`${JSON.stringify(path)} cannot be written (${code})`, { advice: 'check --output' });
    });
    await pipeline(body ?? [], file.createWriteStream());
    return false;
  }
  let last: number | undefined;
  // Waits for each chunk to be written: backpressure.
  for await (const chunk of body ?? []) {
    await write(stdout, chunk);
    last = (chunk as Uint8Array).at(-1) ?? last;
  }
  return stdout.isTTY === true && last !== undefined && last !== newline;
}

const newline = 10;

/** Writes status and duration to stderr, on a line of their own. */
export function writeStatus(
  { ok, status, statusText }: Response,
  { ms, needsNewline }: { readonly ms: number; readonly needsNewline: boolean },
  { stderr, env }: CommandContext,
): Promise<void> {
  const style = styleOf(stderr, env);
  const what = style(ok ? 'green' : 'red', `${status} ${printable(statusText)}`.trim());
  return write(stderr, `${needsNewline ? '\n' : ''}${what} ${style('dim', `${Math.round(ms)} ms`)}\n`);
}
