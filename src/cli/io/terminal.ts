import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

import type { CommandContext } from '../context.js';

/** Colours a text, or returns it unchanged for a stream without colours. */
export type Style = (colour: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string) => string;

/** The style of a stream. Only a terminal has colours, unless `TERM` is dumb or `NO_COLOR` is set (no-color.org). */
export function styleOf(stream: { readonly isTTY?: boolean | undefined }, env: CommandContext['env']): Style {
  const isColoured = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return (colour, text) => (isColoured ? styleText(colour, text, { validateStream: false }) : text);
}

/**
 * Makes a text safe for a terminal: escapes control characters and bidirectional formatting characters, and removes
 * user and password from URLs.
 */
export function printable(text: string): string {
  return text.replace(/\/\/[^/?#\s"@]*@/g, '//').replace(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Writes a text and waits until the stream has taken it. */
export function write(stream: Writable, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
