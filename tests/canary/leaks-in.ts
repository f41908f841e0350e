import type { Artefact } from './artefacts.js';
import { findLeaks } from './find-leaks.js';
import { marks, secretMark, tokenMark } from './marks.js';

/**
 * A line for each leak of a marked secret or token, or of one of `others`, without duplicates. A line contains no mark,
 * because the error of a failed test prints the lines.
 */
export function leaksIn(artefacts: readonly Artefact[], others: readonly string[] = []): string[] {
  const lines = artefacts.flatMap(({ origin, channel, text }) =>
    findLeaks(text, [...marks, ...others]).map(
      ({ mark, as }) => `${origin}: ${names.get(mark) ?? 'other'} ${as} by ${channel}`,
    ),
  );
  return [...new Set(lines)];
}

const names: ReadonlyMap<string, string> = new Map([
  [secretMark, 'secret'],
  [tokenMark, 'token'],
]);
