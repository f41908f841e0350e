import type { AccessToken } from './access-token.js';
import type { Clock } from './clock.js';
import type { TokenRequest } from './token-request.js';

/** How one call of {@link TokenSource.getToken} wants its token. */
export interface GetTokenOptions {
  /** A token that is of no more use, because it was rejected or is about to expire. Any other one will do. */
  readonly replacing?: AccessToken | undefined;
  /** Ends the wait of this caller only; the shared request goes on for the others. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Least time that the token must still be valid, in milliseconds: for a long upload, say. When the authorization server
   * gives no such token, the one that it gives is the answer.
   * @default 0
   */
  readonly minValidityMs?: number | undefined;
}

/** Anything that can return an access token. */
export interface TokenSource {
  /**
   * Returns an access token for the request, or for the default one without it.
   * @throws {TokenError} when there is no token to hand out
   * @throws the reason of `signal`
   */
  getToken(request?: TokenRequest, options?: GetTokenOptions): Promise<AccessToken>;
}

/** Adds one concern to a token source; the result is a token source again. */
export type Layer = (inner: TokenSource) => TokenSource;

/** Wraps a token source in layers, the innermost first. */
export function compose(source: TokenSource, ...layers: readonly Layer[]): TokenSource {
  return layers.reduce((inner, layer) => layer(inner), source);
}

/** Whether a kept token may be handed out for this call: unexpired for as long as asked, and not the one to be replaced. */
export function isUsable(kept: AccessToken, { replacing, minValidityMs = 0 }: GetTokenOptions, clock: Clock): boolean {
  return kept.value !== replacing?.value && kept.remainingMs(clock) > minValidityMs;
}
