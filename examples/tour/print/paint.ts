import { styleText } from 'node:util';

type Format = 'bold' | 'cyan' | 'gray' | 'green' | 'red';

/** Text in a colour if stdout is a terminal with colours and NO_COLOR is not set (https://no-color.org). */
export function paint(
  format: Format,
  text: string,
  { isTTY }: { readonly isTTY?: boolean } = process.stdout,
  { NO_COLOR, TERM } = process.env,
): string {
  // `validateStream` would look at stdout and the environment of the process again.
  return isTTY && !NO_COLOR && TERM !== 'dumb' ? styleText(format, text, { validateStream: false }) : text;
}
