import type { TokenRequest } from 'm2m-tokens';

/** How a replica is set up. */
export interface Setup {
  readonly tokenEndpoint: string;
  /** URL of the Redis that it shares its tokens in; alone without it. */
  readonly redis?: string | undefined;
  /** Keys that its tokens are encrypted with. */
  readonly keys?: readonly string[] | undefined;
  readonly deadlineMs?: number | undefined;
}

/** What a replica is told to do. */
export interface Command {
  readonly id: number;
  /** What it asks for, once. */
  readonly request?: TokenRequest | undefined;
  /** Asks for it again and again. */
  readonly repeat?: { readonly forMs: number; readonly everyMs: number };
}

/** What one call came to. */
export interface Answer {
  readonly tookMs: number;
  readonly token?: string;
  readonly issuedAt?: number;
  readonly error?: string;
}

/** What a replica reports when it has done what it was told. */
export interface Report {
  readonly id: number;
  /** Of a repetition those that brought another token than the one before, or none. */
  readonly answers: readonly Answer[];
  /** The types of the events since the last report. */
  readonly events: readonly string[];
}
