import type { Artefact } from './artefacts.js';
import { findLeaks } from './find-leaks.js';
import { marks, secretMark, tokenMark } from './marks.js';

/**
 * A line for each place with a marked secret or token, or one of `others`, without duplicates. A line holds no mark: the error of a
 * failed test holds the lines, and much leads to it.
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
