import type { TokenError } from './errors.js';

/** The client credentials grant was answered with a token. */
export interface GrantSucceeded {
  readonly type: 'grant.succeeded';
  /** The issuer, or the token endpoint where no issuer is configured. */
  readonly authorizationServer: string;
  /** Where the token came from, when that is another host than the one of `authorizationServer`; absent otherwise. */
  readonly tokenEndpoint?: string;
  readonly clientId: string;
  readonly requestedScope: string | undefined;
  /** Differs from `requestedScope` when the authorization server granted less, or more (RFC 6749 §3.3). */
  readonly scope: string | undefined;
  readonly lifetimeMs: number;
  readonly durationMs: number;
}

/** The client credentials grant gave no token. */
export interface GrantFailed {
  readonly type: 'grant.failed';
  readonly authorizationServer: string;
  readonly clientId: string;
  readonly requestedScope: string | undefined;
  readonly error: TokenError;
  readonly durationMs: number;
}

/** A kept token could not be replaced; it goes on being used until it expires. */
export interface RenewalFailed {
  readonly type: 'renewal.failed';
  readonly scope: string | undefined;
  readonly error: unknown;
  /** No other renewal is tried for this long. */
  readonly retryInMs: number;
  /** How long the kept token remains valid, in milliseconds. */
  readonly remainingMs: number;
}

/** A token had no time left when it arrived: whoever asked may use it, but it is not kept. */
export interface TokenExpiredOnArrival {
  readonly type: 'token.expired_on_arrival';
  readonly scope: string | undefined;
}

/** The authorization server announced a token that never expires. The token counts as valid for 24 hours. */
export interface TokenLifetimeCapped {
  readonly type: 'token.lifetime_capped';
  readonly scope: string | undefined;
  /** The `expires_in` of the token response. */
  readonly announcedSeconds: number;
}

/** The least recently used token was dropped, because there are more different ones than `cache.maxTokens`. */
export interface TokenEvicted {
  readonly type: 'token.evicted';
  readonly scope: string | undefined;
}

/** Tokens could not be revoked: they are handed out no more, but are valid until they expire. */
export interface RevocationFailed {
  readonly type: 'revocation.failed';
  /** How many. */
  readonly tokens: number;
  /** Why the first of them could not. */
  readonly error: TokenError;
}

/** A call of the shared store failed or took too long: each replica asks for itself while the store is left alone. */
export interface StoreFailed {
  readonly type: 'store.failed';
  readonly operation: 'get' | 'set' | 'delete' | 'lease';
  /** The kind of error, and its code where it has one. Not the message: it may repeat what the store was given. */
  readonly reason: string;
  readonly retryInMs: number;
}

/** A resource server rejected the token and the request is sent once more with another one. */
export interface RequestResent {
  readonly type: 'request.resent';
  readonly method: string;
  readonly origin: string;
}

/** A resource server rejected the token, or asked for another DPoP nonce, and its answer stands. */
export interface RequestNotResent {
  readonly type: 'request.not_resent';
  readonly method: string;
  readonly origin: string;
  /** No other token could be had, the body cannot be read twice, or the option `replay` forbids it. */
  readonly reason: 'same token' | 'body cannot be sent twice' | 'replay option';
}

/** Everything that can be observed. No event holds a token or a secret. */
export type TokenEvent =
  | GrantSucceeded
  | GrantFailed
  | RenewalFailed
  | TokenExpiredOnArrival
  | TokenLifetimeCapped
  | TokenEvicted
  | RevocationFailed
  | StoreFailed
  | RequestResent
  | RequestNotResent;

/** Takes the events, one call each; it should return at once, and nobody waits for a promise that it returns. */
export type EventSink = (event: TokenEvent) => unknown;

/** A sink that hands each event to all of `sinks`. One that throws or rejects is a process warning and disturbs nobody. */
export function eventSink(...sinks: readonly (EventSink | undefined)[]): (event: TokenEvent) => void {
  const present = sinks.filter((sink) => sink !== undefined);
  return (event) => {
    for (const sink of present) {
      const warn = (error: unknown) =>
        process.emitWarning(`An event sink of m2m-tokens failed on "${event.type}": ${String(error)}`);
      try {
        const outcome = sink(event);
        if (outcome instanceof Promise) outcome.catch(warn);
      } catch (error) {
        warn(error);
      }
    }
  };
}
