import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

import type { CommandContext } from '../context.js';

/** Colours for one stream; the text as it is where there are none. */
export type Style = (colour: 'red' | 'green' | 'yellow' | 'dim', text: string) => string;

/** Colours on a terminal only, and not where `NO_COLOR` (https://no-color.org) or a dumb terminal asks for none. */
export function styleOf(stream: { readonly isTTY?: boolean | undefined }, env: CommandContext['env']): Style {
  const isColoured = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return (colour, text) => (isColoured ? styleText(colour, text, { validateStream: false }) : text);
}

/** A text that came over the network as it may stand on a terminal: control and direction characters are spelt out. */
export function printable(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** Does work that may take long, and shows on a terminal that it goes on; the line is gone when the work is done. */
export async function alive<T>(
  what: string,
  { stderr, env, clock }: Pick<CommandContext, 'stderr' | 'env' | 'clock'>,
  work: () => Promise<T>,
): Promise<T> {
  if (stderr.isTTY !== true || env['TERM'] === 'dumb') return work();

  const done = new AbortController();
  const show = async () => {
    // What ends quickly needs no sign of life.
    await clock.sleep(300, done.signal);
    for (let turn = 0; ; turn += 1) {
      stderr.write(`${frames[turn % frames.length]} ${what} …`);
      await clock.sleep(100, done.signal).finally(() => stderr.write('\r\u001b[K'));
    }
  };
  const showing = show().catch(() => {});
  try {
    return await work();
  } finally {
    done.abort();
    await showing;
  }
}

/** Writes a text and waits until the stream has taken it. */
export function write(stream: Writable, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
