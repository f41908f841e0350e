import { Writable } from 'node:stream';

import { type Logger, pino } from 'pino';

/** One line of a pino log. */
export interface LogLine {
  readonly level: number;
  readonly type: string;
  readonly msg: string;
  readonly [name: string]: unknown;
}

/** A pino logger that writes into memory, and its lines so far. */
export interface MemoryLog {
  readonly logger: Logger;
  /** All lines. */
  readonly lines: readonly LogLine[];
  /** The lines at `info` and above. */
  shown(): readonly LogLine[];
  /** Their levels and types: `warn renewal.failed`. */
  kinds(): readonly string[];
}

/** Makes an empty log. */
export function memoryLog(level = 'debug'): MemoryLog {
  const lines: LogLine[] = [];
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as LogLine);
      done();
    },
  });
  const shown = () => lines.filter((line) => line.level >= 30);
  return {
    logger: pino({ level, base: null, timestamp: false }, stream),
    lines,
    shown,
    kinds: () => shown().map((line) => `${levels[line.level / 10 - 1]} ${line.type}`),
  };
}

const levels = ['trace', 'debug', 'info', 'warn', 'error'];
