import { objectWith } from '../core/check-options.js';

/** An entry of a token store. The store compares `version` and `issuedAt`; the payload is opaque to it. */
export interface StoredToken {
  /** Format of the payload. A later release may write a higher one. */
  readonly version: number;
  /** Milliseconds since the epoch, whole. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch, whole. */
  readonly expiresAt: number;
  /** The token and its members, as text. */
  readonly payload: string;
}

/** One call of a token store. */
export interface StoreCall {
  /** Aborted by the caller or a timeout. The store should then drop commands that it has not sent yet. */
  readonly signal: AbortSignal;
}

/** The exclusive right to send the grant for a key, for a limited time. */
export interface Lease {
  /** Sets the remaining time of the lease, in milliseconds, unless another holder has it. */
  extend(ms: number, call?: StoreCall): Promise<void>;
  /** Ends the lease, unless another holder has it. */
  release(call?: StoreCall): Promise<void>;
}

/**
 * Stores access tokens outside the process, where replicas share them. Each method may reject: the token service then
 * sends a grant of its own.
 */
export interface TokenStore {
  /** Returns the entry of a key, or `undefined` when there is none or it is unreadable. */
  get(key: string, call?: StoreCall): Promise<StoredToken | undefined>;
  /**
   * Stores an entry for `ttlMs` milliseconds, unless the current entry has a higher version, or the same version and a
   * later issue time. The comparison and the write are one atomic step.
   */
  set(key: string, token: StoredToken, ttlMs: number, call?: StoreCall): Promise<void>;
  /** Removes the entry of a key if it has the version and the issue time of `token`. */
  delete(key: string, token: StoredToken, call?: StoreCall): Promise<void>;
  /** Takes the lease of a key for `ms` milliseconds. Returns `undefined` while another holder has it. */
  lease(key: string, ms: number, call?: StoreCall): Promise<Lease | undefined>;
}

export const anyTokenStore = objectWith('get', 'set', 'delete', 'lease');

const confidential = Symbol.for('m2m-tokens.confidential');

/** Marks a store whose entries other programs cannot read: they are encrypted, or in the memory of this process. */
export const asConfidential = (store: TokenStore): TokenStore => Object.assign(store, { [confidential]: true });

/** Whether the store may hold the tokens of users. Stores of other copies of this package are recognised, too. */
export const isConfidential = (store: TokenStore): boolean => confidential in store;
