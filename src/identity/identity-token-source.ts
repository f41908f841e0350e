import { abortable } from '../core/abort.js';
import { type Check, anyClock, checkOptions, nonEmptyString } from '../core/check-options.js';
import { type Clock, systemClock } from '../core/clock.js';
import { isTokenError } from '../core/errors.js';
import { type Pause, pause } from '../core/pause.js';
import { acceptToken, type IdentityToken, type IssuedToken } from './identity-token.js';

/** Options of one call of an {@link IdentityTokenSource}. */
export interface IdentityTokenOptions {
  /** A token that must not be returned from the cache again, because it was rejected. */
  readonly replacing?: string | undefined;
  /** Ends the wait of this caller only. The shared request continues for the others. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A function that returns an identity token of this program, for `federatedAssertion`. It is also a plain
 * `() => Promise<string>`.
 *
 * The source caches its token, and asks the platform again when a fifth of the lifetime is left (five minutes at most).
 * If the platform fails then, the token is returned until it expires. A token with an unknown expiry is not cached.
 * Concurrent calls share one request. `federatedAssertion` passes a rejected token as `replacing`.
 *
 * It rejects with a `ConfigurationError` if the set-up is wrong: a missing variable, an identity that is not assigned,
 * another audience. It rejects with a `GrantUnavailableError` if the platform may recover: timeout, 429, 5xx.
 */
export type IdentityTokenSource = (options?: IdentityTokenOptions) => Promise<string>;

/** Options of each source of identity tokens. */
export interface IdentitySourceOptions {
  /**
   * The audience for which the token must be issued. If it is a JWT for another audience, the source rejects, because
   * the recipient could use the token there (RFC 7523 §3).
   */
  readonly audience?: string | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

/** The place that issues the tokens. */
export interface IdentityOrigin {
  /** Names the place in messages. */
  readonly name: string;
  /** Whether to ask only when the cached token is due. @default true */
  readonly isCached?: boolean;
  readonly issue: () => Promise<IssuedToken>;
  /** A further check of a token, which throws. */
  readonly check?: ((token: string) => void) | undefined;
}

/**
 * Checks the options of a source, which all are optional.
 * @throws {ConfigurationError}
 */
export function checkSourceOptions(
  owner: string,
  options: unknown,
  checks: Readonly<Record<string, Check>> = {},
): void {
  checkOptions(owner, options, { ...checks, audience: nonEmptyString, clock: anyClock });
}

// After a renewal without a new token, so that calls do not wait for a platform that does not respond.
const retryDelayMs = 5_000;

/** Makes a source that checks and caches the tokens of a place. */
export function identityTokenSource(
  { name, isCached = true, issue, check }: IdentityOrigin,
  { audience, clock = systemClock }: IdentitySourceOptions,
): IdentityTokenSource {
  let kept: IdentityToken | undefined;
  let postponed: Pause | undefined;
  let flight: Promise<IdentityToken> | undefined;

  async function renew(): Promise<IdentityToken> {
    try {
      const accepted = acceptToken(await issue(), { name, audience, clock });
      check?.(accepted.token);
      postponed = accepted.token === kept?.token ? pause(retryDelayMs, clock) : undefined;
      kept = accepted;
      return accepted;
    } catch (error) {
      const retryAfterMs = isTokenError(error) ? error.retryAfterMs : undefined;
      postponed = pause(retryAfterMs ?? retryDelayMs, clock);
      throw error;
    } finally {
      flight = undefined;
    }
  }

  const remainingMs = (token: IdentityToken): number => token.validity?.remainingMs() ?? 0;
  const isDue = (token: IdentityToken): boolean =>
    !isCached || (remainingMs(token) <= token.renewalWindowMs && (postponed?.remainingMs() ?? 0) === 0);

  const getToken: IdentityTokenSource = async ({ replacing, signal } = {}) => {
    signal?.throwIfAborted();
    const current = kept !== undefined && kept.token !== replacing && remainingMs(kept) > 0 ? kept : undefined;
    if (current !== undefined && !isDue(current)) return current.token;
    try {
      flight ??= renew();
      return (await abortable(flight, signal)).token;
    } catch (error) {
      signal?.throwIfAborted();
      if (current !== undefined && remainingMs(current) > 0) return current.token;
      throw error;
    }
  };
  // A file is read again: that is cheap, and finds a token that was replaced.
  return isCached ? Object.assign(getToken, { lastToken: () => kept?.token }) : getToken;
}
