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

/** How long a call of a store is waited for. */
export interface StoreCall {
  /** Aborted when nobody waits any more: what was not sent by then should not be. */
  readonly signal: AbortSignal;
}

/** The right, for a while, to be the only one who asks for a token. */
export interface Lease {
  /** Makes the lease last this long from now on, in milliseconds, if it has not passed to another holder. */
  extend(ms: number, call?: StoreCall): Promise<void>;
  /** Ends the lease, if it has not passed to another holder. */
  release(call?: StoreCall): Promise<void>;
}

/**
 * Keeps access tokens outside the process, where replicas share them. Each method may throw: a store that fails costs a
 * grant and no call.
 */
export interface TokenStore {
  /** The token under the key; `undefined` when there is none, or none that can be read. */
  get(key: string, call?: StoreCall): Promise<StoredToken | undefined>;
  /**
   * Keeps a token for so many milliseconds, in one step with this comparison: one of a higher version, or of the same
   * version and issued later, stays.
   */
  set(key: string, token: StoredToken, ttlMs: number, call?: StoreCall): Promise<void>;
  /** Removes the token if it still has the version and the issue time of this one. */
  delete(key: string, token: StoredToken, call?: StoreCall): Promise<void>;
  /** Takes the lease of the key for so many milliseconds; `undefined` while another holder has it. */
  lease(key: string, ms: number, call?: StoreCall): Promise<Lease | undefined>;
}
