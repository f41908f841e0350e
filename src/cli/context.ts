import type { Readable, Writable } from 'node:stream';

import type { Clock } from '../core/clock.js';

/** A stream that people may sit at. */
type Interactive<Stream> = Stream & { readonly isTTY?: boolean | undefined };

/** All that a command knows of its surroundings: the process has them, and tests have others. */
export interface CommandContext {
  readonly stdin: Interactive<Readable>;
  /** Gets data and nothing else. */
  readonly stdout: Interactive<Writable>;
  /** Gets errors, prompts, and signs of life. */
  readonly stderr: Interactive<Writable>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user gives up; its reason is the name of the signal that said so. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The version of the package. */
  readonly version: string;
}
