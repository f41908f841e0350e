import { Writable } from 'node:stream';

import { type Logger, pino } from 'pino';

import type { Violate } from './findings.js';
import { Tally } from './statistics.js';

/** The logs of all token services, each as its operator would see it: at level `info`. */
export interface Logs {
  /** Makes the logger of one token service. */
  loggerOf(name: string): Logger;
  readonly figures: () => Readonly<Record<string, number>>;
}

/** In a run of up to an hour, and in each further hour. */
const maxLines = 100;

/** No logs so far. Notes each log that gets more lines than an operator would read. Only counts are kept. */
export function logs(seconds: number, violate: Violate): Logs {
  const most = maxLines * Math.max(1, seconds / 3_600);
  const all = new Tally();
  let longest = 0;

  return {
    loggerOf(name) {
      const lines = new Tally();
      const stream = new Writable({
        write(line: Buffer, _encoding, done) {
          const { type } = JSON.parse(line.toString()) as { readonly type: string };
          lines.add(type);
          all.add(type);
          longest = Math.max(longest, lines.total);
          if (lines.total === Math.floor(most) + 1) {
            violate('a log has too many lines', `${name}: ${JSON.stringify(lines)}`);
          }
          done();
        },
      });
      return pino({ level: 'info' }, stream);
    },
    figures: () => ({ 'longest log': longest, ...all.toJSON() }),
  };
}
