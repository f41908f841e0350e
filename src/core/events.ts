import { cleanText } from './clean-text.js';
import type { AnyTokenError } from './errors.js';

/**
 * Every event; `type` narrows it. None contains a token or a secret.
 * `Extract<TokenEvent, { type: 'grant.failed' }>` is the type of one event.
 */
export type TokenEvent =
  /** A grant returned a token. */
  | {
      readonly type: 'grant.succeeded';
      /** The issuer, or the token endpoint if no issuer is configured. */
      readonly authorizationServer: string;
      /** The token endpoint, if its host differs from that of `authorizationServer`. */
      readonly tokenEndpoint?: string;
      readonly clientId: string;
      readonly requestedScope: string | undefined;
      /**
       * The granted scope; `undefined` if the authorization server did not name it. It may grant less or more than
       * `requestedScope` (RFC 6749 §3.3).
       */
      readonly scope: string | undefined;
      readonly lifetimeMs: number;
      readonly durationMs: number;
    }
  /** A grant failed. */
  | {
      readonly type: 'grant.failed';
      readonly authorizationServer: string;
      readonly clientId: string;
      readonly requestedScope: string | undefined;
      readonly error: AnyTokenError;
      readonly durationMs: number;
    }
  /** A cached token could not be renewed. It stays in use until it expires. */
  | {
      readonly type: 'renewal.failed';
      /** The scope of the token request: it identifies the token if the granted scope is unknown. */
      readonly requestedScope: string | undefined;
      readonly scope: string | undefined;
      readonly error: unknown;
      /** Time until the next renewal, in milliseconds. */
      readonly retryInMs: number;
      /** Remaining validity of the cached token, in milliseconds. */
      readonly remainingMs: number;
    }
  /** A token had expired when it arrived. The callers that wait for it get it, but it is not cached. */
  | {
      readonly type: 'token.expired_on_arrival';
      readonly scope: string | undefined;
    }
  /** The authorization server announced a token that never expires. The token counts as valid for 24 hours. */
  | {
      readonly type: 'token.lifetime_capped';
      readonly scope: string | undefined;
      /** The `expires_in` of the token response. */
      readonly announcedSeconds: number;
    }
  /** The least recently used token left the cache, which holds at most `cache.maxTokens` tokens. */
  | {
      readonly type: 'token.evicted';
      readonly scope: string | undefined;
    }
  /** Tokens could not be revoked. They are not returned any more, but are valid until they expire. */
  | {
      readonly type: 'revocation.failed';
      /** Number of these tokens. */
      readonly tokens: number;
      /** The error of the first of them. */
      readonly error: AnyTokenError;
    }
  /** A call to the shared store failed or timed out. The store is skipped, and this replica sends its own grants. */
  | {
      readonly type: 'store.failed';
      readonly operation: 'get' | 'set' | 'delete' | 'lease';
      /**
       * The name of the error, and its code if it has one. The message is left out, because it may repeat the stored
       * token.
       */
      readonly reason: string;
      /** Time until the store is tried again, in milliseconds. */
      readonly retryInMs: number;
    }
  /** A resource server rejected the token, and the request is resent with another token. */
  | {
      readonly type: 'request.resent';
      readonly method: string;
      readonly origin: string;
    }
  /**
   * A resource server rejected the token or the DPoP nonce. The request is not resent; the caller gets the response.
   */
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

/**
 * Makes a sink that passes each event to all of `sinks`. An exception or a rejection becomes a process warning. Scopes
 * are cut to 300 characters.
 */
export function eventSink(...sinks: readonly (EventSink | undefined)[]): (event: TokenEvent) => void {
  const present = sinks.filter((sink) => sink !== undefined);
  return (event) => {
    const isLong = Object.values(event).some((value) => typeof value === 'string' && value.length > maxScopeLength);
    const bounded = isLong ? withShortScopes(event) : event;
    for (const sink of present) {
      try {
        // The promise may be one of another realm or of another library.
        const outcome = sink(bounded) as PromiseLike<unknown> | undefined;
        if (typeof outcome?.then === 'function') outcome.then(undefined, (error: unknown) => warn(event, error));
      } catch (error) {
        warn(event, error);
      }
    }
  };
}

const maxScopeLength = 300;

function warn({ type }: TokenEvent, error: unknown): void {
  process.emitWarning(`An event sink of m2m-tokens failed on "${type}": ${textOf(error)}`);
}

function withShortScopes<E extends TokenEvent>(event: E): E {
  const scopes = Object.entries<unknown>({ ...event }).flatMap(([name, value]) =>
    /scope$/i.test(name) && typeof value === 'string' && value.length > maxScopeLength
      ? [[name, cleanText(value)] as const]
      : [],
  );
  return scopes.length === 0 ? event : { ...event, ...Object.fromEntries(scopes) };
}

// The conversion of a thrown value may throw as well.
function textOf(error: unknown): string {
  try {
    return cleanText(String(error));
  } catch {
    return 'unknown error';
  }
}
