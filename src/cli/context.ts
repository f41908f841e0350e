import type { Readable, Writable } from 'node:stream';

import type { Clock } from '../core/clock.js';

/** A stream that may be a terminal. */
type Interactive<Stream> = Stream & { readonly isTTY?: boolean };

/** The streams, environment, signal and clock of a command: those of the process, or of a test. */
export interface CommandContext {
  readonly stdin: Interactive<Readable>;
  /** Gets the results only. */
  readonly stdout: Interactive<Writable>;
  /** Gets errors, prompts and the spinner. */
  readonly stderr: Interactive<Writable>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The URL of the proxy that the environment names for a URL; an empty string if it names none or excludes the URL. */
  readonly proxyFor: (url: URL) => Promise<string>;
  /** Aborted by SIGINT, SIGTERM and SIGHUP, with an {@link Interruption} as the reason. */
  readonly signal: AbortSignal;
  /** Whether progress is hidden. @default false */
  readonly isSilent?: boolean;
  readonly clock: Clock;
  /** The version of the package. */
  readonly version: string;
}
