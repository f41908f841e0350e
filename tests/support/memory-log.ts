import { Writable } from 'node:stream';

import { type Logger, pino } from 'pino';

/** One line of a pino log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A pino logger that writes into memory, and its lines so far. */
export interface MemoryLog {
  readonly logger: Logger;
  readonly stream: Writable;
  /** All lines. */
  readonly lines: readonly LogLine[];
  /** The lines at `info` and above, as level, type and sentence. */
  shown(): readonly (readonly [string, unknown, unknown])[];
  /** The lines at `info` and above. */
  shownLines(): readonly LogLine[];
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
  const shownLines = () => lines.filter(({ level }) => Number(level) >= 30);
  return {
    logger: pino({ level, base: null, timestamp: false }, stream),
    stream,
    lines,
    shownLines,
    shown: () => shownLines().map(({ level, type, msg }) => [levels[Number(level) / 10 - 1] ?? '', type, msg]),
  };
}

const levels = ['trace', 'debug', 'info', 'warn', 'error'];
