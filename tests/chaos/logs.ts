import { Writable } from 'node:stream';

import { type Logger, pino } from 'pino';

import type { Violate } from './findings.js';
import { Tally } from './statistics.js';

/** The logs of all token services, each as its operator would see it: at level `info`. */
export interface Logs {
  /** Makes the logger of one token service. */
  loggerOf(name: string): Logger;
  readonly figures: () => Readonly<Record<string, number>>;
  /** Notes each log that has more lines than an operator would read. */
  check(seconds: number, violate: Violate): void;
}

/** In a run of up to an hour, and in each further hour. */
const maxLines = 100;

/** No logs so far. Only counts are kept. */
export function logs(): Logs {
  const byName = new Map<string, Tally>();
  const all = new Tally();

  return {
    loggerOf(name) {
      const lines = new Tally();
      byName.set(name, lines);
      const stream = new Writable({
        write(line: Buffer, _encoding, done) {
          const { type } = JSON.parse(line.toString()) as { readonly type: string };
          lines.add(type);
          all.add(type);
          done();
        },
      });
      return pino({ level: 'info' }, stream);
    },
    figures: () =>
      byName.size === 0
        ? {}
        : { 'longest log': Math.max(...[...byName.values()].map(({ total }) => total)), ...all.toJSON() },
    check(seconds, violate) {
      const most = maxLines * Math.max(1, seconds / 3_600);
      for (const [name, lines] of byName) {
        if (lines.total > most) violate('a log has too many lines', `${name}: ${JSON.stringify(lines)}`);
      }
    },
  };
}
