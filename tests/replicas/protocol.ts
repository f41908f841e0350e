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
  /** Asks once, for a token of this scope; `isRejected` says that the last one was. */
  readonly request?: { readonly scope?: string | undefined; readonly isRejected?: boolean };
  /** Asks again and again; with `scope`, for another scope each time, that begins with it. */
  readonly repeat?: { readonly forMs: number; readonly everyMs: number; readonly scope?: string | undefined };
}

/** What one call came to. */
export interface Answer {
  /** Wall-clock time, in milliseconds. */
  readonly at: number;
  readonly tookMs: number;
  readonly token?: string;
  readonly error?: string;
}

/** What a replica reports when it has done what it was told. */
export interface Report {
  readonly id: number;
  /** Of a repetition of the same request only those that brought another token than the one before. */
  readonly answers: readonly Answer[];
  /** The types of the events since the last report. */
  readonly events: readonly string[];
}
