import type { TokenRequest } from 'm2m-tokens';

/** Settings of a replica. */
export interface Setup {
  readonly tokenEndpoint: string;
  /** URL of the Redis server that holds the shared tokens. Without it the replica has no store. */
  readonly redis?: string | undefined;
  /** Encryption keys of the store, base64. */
  readonly keys?: readonly string[] | undefined;
  readonly deadlineMs?: number | undefined;
}

/** A command to a replica. */
export interface Command {
  readonly id: number;
  /** The token request of each call. */
  readonly request?: TokenRequest | undefined;
  /** Repeats the call. */
  readonly repeat?: { readonly forMs: number; readonly everyMs: number };
  /** Blocks the event loop for a second. The block begins this time after the call; 0 means the next turn. */
  readonly blockAfterMs?: number;
}

/** The outcome of one call. */
export interface Answer {
  readonly tookMs: number;
  readonly token?: string;
  readonly issuedAt?: number;
  readonly error?: string;
}

/** The report of a replica after a command. */
export interface Report {
  readonly id: number;
  /** The outcomes. Of a repeated call, only failures and tokens that differ from the previous one. */
  readonly answers: readonly Answer[];
  /** The events since the last report: types, and details of a store failure. */
  readonly events: readonly string[];
}
