import type { webcrypto } from 'node:crypto';

import type { AuthorizationDetail } from './authorization-details.js';
import type { Signer } from './signer.js';

/**
 * The type of an access token: the scheme of the `Authorization` header. `N_A` is a token for a token endpoint, such as an
 * assertion that `tokenExchange` obtained; adapters do not send it (RFC 8693 §2.2.1).
 */
export type AccessTokenType = 'Bearer' | 'DPoP' | 'N_A';

/** The keys that a token of type DPoP is bound to (RFC 9449 §6). */
export interface DpopKeyPair {
  /** Signs a proof for each request. */
  readonly privateKey: webcrypto.CryptoKey;
  /** Included in each proof. */
  readonly publicKey: webcrypto.CryptoKey;
}

/** Further members of a token response, by name. */
export type TokenMembers = Readonly<Record<string, string | number>>;

/** The fields of an `AccessToken`. */
export interface AccessTokenFields {
  /** The token itself, a secret. */
  readonly value: string;
  /** The scheme of the `Authorization` header. @default 'Bearer' */
  readonly type?: AccessTokenType;
  /** The keys of a token of type DPoP; without them or a `signer` no adapter can send it. */
  readonly keyPair?: DpopKeyPair | undefined;
  /** The remote signer that a token of type DPoP is bound to, in place of `keyPair`, with its `publicKey`. */
  readonly signer?: Signer | undefined;
  /** The granted scope, space-separated; absent if the authorization server did not name it. */
  readonly scope?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch; `Infinity` for a token that never expires. */
  readonly expiresAt: number;
  /** `issuedAt` on the monotonic clock of this process, in milliseconds. Without it, only the wall clock counts. */
  readonly issuedAtMonotonic?: number | undefined;
  /**
   * SHA-256 thumbprint of the client certificate that the token is bound to (RFC 8705 §3.1); absent if there is none.
   */
  readonly certificateThumbprint?: string | undefined;
  /** Whether the token comes from the shared store, for metrics. @default false */
  readonly shared?: boolean | undefined;
  /** The members of the token response that the option `keepMembers` names. @default none */
  readonly members?: TokenMembers | undefined;
  /** The granted authorization details (RFC 9396 §7). @default none */
  readonly authorizationDetails?: readonly AuthorizationDetail[] | undefined;
}
