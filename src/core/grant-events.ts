import type { AnyTokenError } from './errors.js';

/**
 * Why a token is requested from the authorization server.
 * - `cold`: the cache holds no valid token for the token request
 * - `advisory`: the token expires soon; it is renewed in the background
 * - `mandatory`: the token expires so soon that callers wait for the new one
 * - `rejected`: an API rejected the token
 * - `min_validity`: a caller needs a token that remains valid longer
 * - `watch`: the token is watched
 */
export type GrantReason = 'cold' | 'advisory' | 'mandatory' | 'rejected' | 'min_validity' | 'watch';

/** The grant that an event is about. */
export interface GrantFacts {
  readonly requestedScope: string | undefined;
  /** `undefined` for layers that are used without a cache. */
  readonly reason: GrantReason | undefined;
  /**
   * The number of the last token request that was sent for this grant, 1 for the first. It goes on counting when a
   * request is resent with a DPoP nonce or changed credentials, after a retry, and after a suspension of the process.
   * `undefined` if this attempt sent no token request: its preparation failed, or the rate limit forbade it. Also
   * `undefined` if `withRetry` is used with another token source than `clientCredentials`.
   */
  readonly attempt: number | undefined;
}

/** A grant that was sent, or whose preparation failed. */
export interface SentGrantFacts extends GrantFacts {
  /**
   * Present if the authorization server asked for a DPoP nonce (RFC 9449 §8). The token request was sent twice;
   * `attempt` is the number of the second one.
   */
  readonly dpopNonce?: true;
  readonly durationMs: number;
}

/** The credential that authenticated a grant; with mutual TLS, or an assertion by a certified key, always the certificate. */
export interface CredentialFacts {
  /**
   * - `certificate`: a client certificate, for mutual TLS or for the key that signs assertions
   * - `assertion`: an assertion of another issuer
   * - `secret`: a client secret, also if it signs an assertion
   * - `key`: a private key that signs assertions
   */
  readonly credential: 'certificate' | 'assertion' | 'secret' | 'key';
  /** When it expires, in milliseconds since the epoch; `undefined` if that is unknown. A key never expires by itself. */
  readonly expiresAt: number | undefined;
}

/** The events of grants. */
export type GrantEvent =
  /** A grant returned a token. If the token had expired by then, `token.expired_on_arrival` follows. */
  | (SentGrantFacts & {
      readonly type: 'grant.succeeded';
      readonly credential: CredentialFacts | undefined;
      /** How far the clock of the authorization server is ahead; 0 for less than ten seconds. */
      readonly clockSkewMs: number;
      /** The token endpoint, if its host differs from that of `authorizationServer`. */
      readonly tokenEndpoint?: string;
      /**
       * The granted scope; `undefined` if the authorization server did not name it. It may grant less or more than
       * `requestedScope` (RFC 6749 §3.3).
       */
      readonly scope: string | undefined;
      readonly lifetimeMs: number;
    })
  /** One attempt of a grant failed. `grant.retry_scheduled` follows if it is repeated. */
  | (SentGrantFacts & {
      readonly type: 'grant.failed';
      readonly error: AnyTokenError;
    })
  /** A failed grant is going to be repeated. `attempt` is the number of the token request that failed. */
  | (GrantFacts & {
      readonly type: 'grant.retry_scheduled';
      readonly error: AnyTokenError;
      readonly retryAfterMs: number;
    })
  /** No grant was sent: an earlier failure forbids it, or another replica is sending one. */
  | {
      readonly type: 'grant.suppressed';
      readonly requestedScope: string | undefined;
      readonly reason: GrantReason | undefined;
      /**
       * - `backoff`: the same grant failed a short time ago
       * - `retry_after`: the authorization server asked for a pause
       * - `lease`: another replica holds the lease of the shared store
       */
      readonly suppression: 'backoff' | 'retry_after' | 'lease';
      /** Time until a grant may be sent; for `lease` at the latest, because the other replica may finish earlier. */
      readonly retryAfterMs: number;
    }
  /** A grant uses another credential than the grant before: it has been rotated. */
  | {
      readonly type: 'credential.reread';
      readonly credential: CredentialFacts['credential'];
      readonly expiresAt: number | undefined;
    };
