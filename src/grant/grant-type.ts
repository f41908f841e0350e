import { ConfigurationError } from '../core/errors.js';
import type { CanonicalTokenRequest } from '../core/token-request.js';

/**
 * How a token service obtains its tokens (RFC 6749 §1.3). Made by `jwtBearer` and `tokenExchange`, and given to
 * `createTokenService`; its members are internal.
 */
export interface GrantType {
  /** @internal */
  readonly [brand]: 'GrantType';
}

declare const brand: unique symbol;

/** The members of a {@link GrantType}. */
export interface GrantTypeMembers {
  /** The value of `grant_type`. */
  readonly name: string;
  /** The name in messages. */
  readonly title: string;
  /** Whether the token may be no access token: `N_A` (RFC 8693 §2.2.1). @default false */
  readonly isExchange?: boolean | undefined;
  /** @default 'form' */
  readonly bodyFormat?: 'form' | 'json' | undefined;
  /**
   * Reads the tokens that the grant is based on, and returns the parameters of one token request.
   * @throws {ConfigurationError} if the token request has a member that this grant does not use
   * @throws {GrantUnavailableError} if a token cannot be read
   */
  prepare(request: CanonicalTokenRequest, options: PrepareGrantOptions): Promise<GrantInput>;
  /**
   * A text that is equal for grants with the same configured subject, and different for all others. Reveals nothing
   * about it.
   */
  readonly subject?: (() => Promise<string>) | undefined;
}

/** Options of {@link GrantTypeMembers.prepare}. */
export interface PrepareGrantOptions {
  readonly signal: AbortSignal | undefined;
  /** The input that the authorization server has rejected. */
  readonly rejected?: GrantInput | undefined;
}

/** What one token request is based on. */
export interface GrantInput {
  readonly parameters: Readonly<Record<string, string>>;
  /** Texts that must not appear in a message, event or error. */
  readonly secrets: readonly string[];
  /** Changes with the tokens that the grant is based on. `''` if there are none. */
  readonly fingerprint: string;
  /** The advice if the authorization server rejects the tokens (`invalid_grant`). */
  readonly hint?: string | undefined;
}

/** Hides the members of a grant type from the public types. */
export const asGrantType = (members: GrantTypeMembers): GrantType => members as unknown as GrantType;

/** The members of a grant type. */
export const grantTypeOf = (grant: GrantType): GrantTypeMembers => grant as unknown as GrantTypeMembers;

/** @throws {ConfigurationError} if the token request has a subject that this grant does not use */
export function checkSubjectMembers(request: CanonicalTokenRequest, used?: 'assertion' | 'subjectToken'): void {
  if (request.assertion !== undefined && used !== 'assertion') {
    throw new ConfigurationError('a token request with "assertion" needs a token service with "grant: jwtBearer()"');
  }
  if (request.subjectToken !== undefined && used !== 'subjectToken') {
    throw new ConfigurationError(
      'a token request with "subjectToken" needs a token service with "grant: tokenExchange(…)"',
    );
  }
}
