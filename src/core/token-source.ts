import { AsyncLocalStorage } from 'node:async_hooks';

import type { AccessToken } from './access-token.js';
import type { Clock } from './clock.js';
import {
  anyBoolean,
  anyFunction,
  anyObject,
  checkArgument,
  checkOptions,
  nonEmptyString,
  numberOfAtLeastZero,
  objectWith,
} from './check-options.js';
import type { GrantReason, TokenEvent } from './events.js';
import { sendableToken, sendableTokens } from './sendable-token.js';
import { checkTokenRequest, type TokenRequest } from './token-request.js';

/** Options of one call of {@link TokenSource.getToken}. */
export interface GetTokenOptions {
  /** A token that must not be returned again, because it was rejected or is about to expire. */
  readonly replacing?: AccessToken | undefined;
  /** Ends the wait of this caller only. The shared grant continues for the others. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Minimum remaining validity in milliseconds, for a long upload for example. If the authorization server grants only
   * shorter tokens, the call returns the token that it granted. A call that joins a grant under way takes the token of
   * that grant.
   * @default 0
   */
  readonly minValidityMs?: number | undefined;
  /** Why a grant is needed, for its events. Set by a watch, and by `withCache` for the layers below it. */
  readonly reason?: GrantReason | undefined;
  /**
   * Counts the requests that were sent for a grant, for its events. Set by `withRetry`, and increased by
   * `clientCredentials`. @default { sent: 0 }
   */
  readonly attempts?: { sent: number } | undefined;
  /**
   * Whether the caller gets another token if the grant fails, for traces. Set by `withSharedStore`. @default false
   */
  readonly hasFallback?: boolean | undefined;
}

/** Anything that can return an access token. */
export interface TokenSource {
  /**
   * Returns an access token for the token request, or for the default one.
   * @throws {TokenError} if no token can be obtained
   * @throws the reason of `signal`
   */
  getToken(request?: TokenRequest, options?: GetTokenOptions): Promise<AccessToken>;
  /**
   * Passes an event of an adapter to the logger and the `onEvent` of the token service. Returns the event with the
   * members that name the service.
   */
  report?(event: TokenEvent): TokenEvent;
}

export const anyTokenSource = objectWith('getToken');

/** @throws {ConfigurationError} if the options of one call are malformed */
export function checkGetTokenOptions(options: GetTokenOptions): void {
  checkOptions('getToken', options, {
    replacing: objectWith('remainingMs'),
    signal: objectWith('addEventListener', 'removeEventListener'),
    minValidityMs: numberOfAtLeastZero,
    reason: nonEmptyString,
    attempts: anyObject,
    hasFallback: anyBoolean,
  });
}

/** Wraps a token source to add one concern, for example a cache. */
export type Layer = (inner: TokenSource) => TokenSource;

/**
 * Wraps a token source in layers, the innermost first. A layer that is `undefined` is left out. A call fails with
 * `ConfigurationError` if `source` returns no {@link AccessToken}, or one that cannot be sent in a header.
 * @throws {ConfigurationError} if `source` is not a token source, or a layer is not a function
 * @example
 * ```ts
 * import { clientSecretBasic } from 'm2m-tokens';
 * import { clientCredentials, compose, tokenCache, withCache, withRetry } from 'm2m-tokens/layers';
 *
 * const grants = clientCredentials({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientAuthentication: clientSecretBasic('secret'),
 * });
 * const tokens = compose(grants, withRetry(), withCache(tokenCache()));
 * ```
 */
export function compose(source: TokenSource, ...layers: readonly (Layer | undefined)[]): TokenSource {
  checkArgument('compose', 'source', source, anyTokenSource);
  const given = layers.filter((layer) => layer !== undefined);
  for (const layer of given) checkArgument('compose', 'layers', layer, anyFunction);
  // The layers read the expiry of each token. Without this check, another value would cause a TypeError in a layer.
  const getToken = sendableTokens('"source" of compose', (...call: Parameters<TokenSource['getToken']>) =>
    source.getToken(...call),
  );
  const composed = given.reduce((inner, layer) => layer(inner), { getToken });
  return source.report === undefined ? composed : { ...composed, report: (event) => source.report?.(event) ?? event };
}

/**
 * Whether a cached or stored token may be returned for this call: it remains valid long enough and is not the token to
 * replace.
 */
export function isUsable(token: AccessToken, { replacing, minValidityMs = 0 }: GetTokenOptions, clock: Clock): boolean {
  return token.value !== replacing?.value && token.remainingMs(clock) > minValidityMs;
}

/** A user's token source, with the checks and the renewal that adapters need. Error messages do not repeat values. */
export interface GuardedTokenSource {
  readonly tokens: TokenSource;
  /** @throws {ConfigurationError} if the token request is not a plain object */
  checkRequest(request: TokenRequest): void;
  /**
   * Returns the token if it can be sent in a header and may be sent to this origin.
   * @throws {ConfigurationError} otherwise
   */
  sendable(token: AccessToken, origin: string): AccessToken;
  /** Replaces a rejected token in the background, for later requests. The token source reports a failure. */
  renew(request: TokenRequest | undefined, replacing: AccessToken): void;
  /** The same checks for another token source. */
  with(tokens: TokenSource): GuardedTokenSource;
}

/** Adds checks to the token source that a user passes to `owner`. Certificate-bound tokens are not sent to `httpOrigins`. */
export function guardedTokenSource(
  owner: string,
  tokens: TokenSource,
  httpOrigins: readonly string[],
): GuardedTokenSource {
  const names = `the token request ("tokenRequest" of ${owner}, or of one request)`;
  const inContextOfCreation = AsyncLocalStorage.snapshot();
  const checkRequest = (request: TokenRequest): void => checkTokenRequest(request, names);
  const sendable = sendableToken(`"tokens" of ${owner}`, httpOrigins);
  const guarded = (source: TokenSource): GuardedTokenSource => ({
    tokens: source,
    checkRequest,
    sendable,
    renew(request, replacing) {
      // The renewal serves later requests: it ignores the signal of this request, and does not retain its async
      // context.
      const renewal = inContextOfCreation(async () => source.getToken(request, { replacing }));
      renewal.catch(() => undefined);
    },
    with: guarded,
  });
  return guarded(tokens);
}
