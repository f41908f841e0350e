import type { Artefact } from './artefacts.js';
import { findLeaks } from './find-leaks.js';
import { marks } from './marks.js';

/** A line for each place with a marked secret or token, or one of `others`, without duplicates. */
export function leaksIn(artefacts: readonly Artefact[], others: readonly string[] = []): string[] {
  const lines = artefacts.flatMap(({ origin, channel, text }) =>
    findLeaks(text, [...marks, ...others]).map(({ mark, as }) => `${origin}: ${mark} ${as} by ${channel}`),
  );
  return [...new Set(lines)];
}
