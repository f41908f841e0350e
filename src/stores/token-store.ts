/** An access token as a store keeps it. The store compares `version` and `issuedAt` and does not look into `payload`. */
export interface StoredToken {
  /** Format of the payload; a higher one was written by a later release. */
  readonly version: number;
  /** Milliseconds since the epoch, whole. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch, whole. */
  readonly expiresAt: number;
  readonly payload: string;
}

/** The right, for a while, to be the only one who asks for a token. */
export interface Lease {
  /** Makes the lease last this long from now on, in milliseconds, if it has not passed to another holder. */
  extend(ms: number, signal?: AbortSignal): Promise<void>;
  /** Ends the lease, if it has not passed to another holder. */
  release(signal?: AbortSignal): Promise<void>;
}

/**
 * Keeps access tokens outside the process, where replicas share them. Each method may throw: a store that fails costs a
 * grant and no call. An aborted `signal` says that nobody waits any more; what was not sent by then should not be.
 */
export interface TokenStore {
  /** The token under the key; `undefined` when there is none, or none that can be read. */
  get(key: string, signal?: AbortSignal): Promise<StoredToken | undefined>;
  /**
   * Keeps a token for so many milliseconds, in one step with this comparison: one of a higher version, or of the same
   * version and issued later, stays.
   */
  set(key: string, token: StoredToken, ttlMs: number, signal?: AbortSignal): Promise<void>;
  /** Removes the token if it still has the version and the issue time of this one. */
  delete(key: string, token: StoredToken, signal?: AbortSignal): Promise<void>;
  /** Takes the lease of the key for so many milliseconds; `undefined` while another holder has it. */
  lease(key: string, ms: number, signal?: AbortSignal): Promise<Lease | undefined>;
}
