import { Writable } from 'node:stream';

import { type Logger, pino } from 'pino';

/** A logger at level trace, and its lines so far. */
export interface CanaryLog {
  readonly logger: Logger;
  readonly lines: readonly string[];
}

/** A pino logger that writes into memory. */
export function canaryLog(): CanaryLog {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  return { logger: pino({ level: 'trace' }, stream), lines };
}
