import type { AnyTokenError } from './errors.js';
import type { GrantEvent, GrantReason } from './grant-events.js';

export type { CredentialFacts, GrantEvent, GrantFacts, GrantReason, SentGrantFacts } from './grant-events.js';

/** Which token service an event comes from. Absent in events of layers and adapters that are used without a token service. */
export interface EventOrigin {
  /** The option `name` of the token service. @default the client identifier */
  readonly service?: string | undefined;
  readonly clientId?: string | undefined;
  /** The issuer, or the token endpoint if no issuer is configured; the protected resource until it names its server. */
  readonly authorizationServer?: string | undefined;
  /** The value of `grant_type`, such as `client_credentials`. */
  readonly grantType?: string | undefined;
}

/**
 * Every event; `type` narrows it. None contains a token or a secret. All durations are whole milliseconds.
 * `Extract<TokenEvent, { type: 'grant.failed' }>` is the type of one event.
 */
export type TokenEvent = EventOrigin & (GrantEvent | CacheEvent | StoreEvent | RequestEvent | ServiceEvent);

/** The events of the cache and its callers. */
export type CacheEvent =
  /** A caller waited for a token and got it. */
  | {
      readonly type: 'token.awaited';
      readonly requestedScope: string | undefined;
      /** `joined`: another caller had already started the grant. */
      readonly source: 'grant' | 'shared_store' | 'joined';
      readonly durationMs: number;
    }
  /** A caller got an error instead of a token. */
  | {
      readonly type: 'token.unavailable';
      readonly requestedScope: string | undefined;
      readonly error: unknown;
      readonly durationMs: number;
      /** Time until another call can succeed; `undefined` if it is unknown. */
      readonly retryAfterMs: number | undefined;
    }
  /** A cached token could not be renewed. It stays in use until it expires. */
  | {
      readonly type: 'renewal.failed';
      /** The scope of the token request: it identifies the token if the granted scope is unknown. */
      readonly requestedScope: string | undefined;
      readonly scope: string | undefined;
      readonly reason: GrantReason | undefined;
      readonly error: unknown;
      /** Time until the next renewal. */
      readonly retryAfterMs: number;
      /** Remaining validity of the cached token. */
      readonly remainingMs: number;
    }
  /**
   * A token request got a usable token after at least one failure: of the renewal of a cached token, or of a grant
   * without one, because the token had expired, had left the cache or had never been granted.
   */
  | {
      readonly type: 'renewal.recovered';
      readonly requestedScope: string | undefined;
      readonly scope: string | undefined;
      /** Number of grants that failed, without those that were suppressed. */
      readonly failures: number;
      /** Time since the first of them. */
      readonly failedForMs: number;
    }
  /**
   * A token had expired when it arrived: `grant.succeeded` reports the grant, but its token is of no use. It is not
   * cached, and ends no failure. If it arrived after the deadline, because the process was suspended, it is discarded and
   * the grant is sent again. Otherwise callers get the valid token that it was to replace, or else this token once.
   */
  | {
      readonly type: 'token.expired_on_arrival';
      readonly requestedScope: string | undefined;
      readonly scope: string | undefined;
    }
  /** The authorization server announced a token that never expires. The token counts as valid for 24 hours. */
  | {
      readonly type: 'token.lifetime_capped';
      readonly requestedScope: string | undefined;
      readonly scope: string | undefined;
      /** The `expires_in` of the token response. */
      readonly announcedSeconds: number;
    }
  /** The least recently used token left the cache, which holds at most `cache.maxTokens` tokens. */
  | {
      readonly type: 'token.evicted';
      readonly requestedScope: string | undefined;
      readonly scope: string | undefined;
    };

/** The events of the shared store. */
export type StoreEvent =
  /** A call of the shared store ended. */
  | {
      readonly type: 'store.called';
      readonly operation: StoreOperation;
      readonly durationMs: number;
      /** The name of the error, and its code if it has one; `undefined` for success. */
      readonly failure: string | undefined;
    }
  /** The shared store failed, also when it is tried again. It is skipped, and this replica sends its own grants. */
  | {
      readonly type: 'store.failed';
      readonly operation: StoreOperation;
      /** The name of the error, and its code if it has one. The message is left out, because it may repeat the stored token. */
      readonly failure: string;
      /** Time until the store is tried again. */
      readonly retryAfterMs: number;
    }
  /** The shared store works again. */
  | {
      readonly type: 'store.recovered';
      /** Time since its first failure. */
      readonly failedForMs: number;
    };

/** A method of the shared store. */
export type StoreOperation = 'get' | 'set' | 'delete' | 'lease';

/** The events of adapters. */
export type RequestEvent =
  /** A resource server rejected the token or the DPoP proof, and the request is resent. */
  | {
      readonly type: 'request.resent';
      readonly method: string;
      readonly origin: string;
      /** `dpop nonce`: the same token is sent again, with the nonce that the server asked for (RFC 9449 §9). */
      readonly reason: 'token rejected' | 'dpop nonce';
    }
  /** A resource server rejected the token or the DPoP nonce. The request is not resent; the caller gets the response. */
  | {
      readonly type: 'request.not_resent';
      readonly method: string;
      readonly origin: string;
      /**
       * - `same token`: the token source has no other token
       * - `body cannot be sent twice`: the body can be read only once
       * - `resend option`: the option `resend` forbids it
       * - `redirected`: the request was redirected and may have been carried out
       * - `token not rejected`: the challenge requires something other than another token
       * - `resent already`: the request has been resent once
       */
      readonly reason:
        | 'same token'
        | 'body cannot be sent twice'
        | 'resend option'
        | 'redirected'
        | 'token not rejected'
        | 'resent already';
    };

/** The events of a token service as a whole. */
export type ServiceEvent =
  /** Tokens could not be revoked. They are not returned any more, but are valid until they expire. */
  | {
      readonly type: 'revocation.failed';
      /** Number of these tokens. */
      readonly tokens: number;
      /** The error of the first of them. */
      readonly error: AnyTokenError;
    }
  /** A token service or an adapter was created that may send credentials by http, because of `dangerouslyAllowHttp`. */
  | {
      readonly type: 'http.allowed';
      readonly origins: readonly string[];
    };

/** Why a request is not resent. */
export type NotResentReason = Extract<TokenEvent, { readonly type: 'request.not_resent' }>['reason'];

/** Called once for each event. It should return at once; a promise that it returns is not awaited. */
export type EventSink = (event: TokenEvent) => unknown;
