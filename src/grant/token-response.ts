import { AccessToken } from '../access-token.js';
import type { Instant } from '../clock.js';
import { InvalidTokenResponseError } from '../errors.js';

/** The members of a token response that this grant has a use for (RFC 6749 §5.1), as openid-client checked them. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: string;
  readonly scope?: string | undefined;
  readonly expires_in?: number | undefined;
}

/** What was known when the token was asked for. */
export interface Expectation {
  readonly authorizationServer: string;
  readonly requestedScope: string | undefined;
  /** The instant before the token request was sent: its latency counts against the lifetime. */
  readonly asked: Instant;
  readonly defaultLifetimeSeconds: number;
}

const maxLifetimeSeconds = 10 * 365 * 24 * 60 * 60;

/**
 * The access token of a token response.
 * @throws {InvalidTokenResponseError} when it cannot be presented, or its lifetime makes no sense
 */
export function readToken(
  response: TokenResponse,
  { authorizationServer, requestedScope, asked, defaultLifetimeSeconds }: Expectation,
): AccessToken {
  const invalid = (flaw: string) =>
    new InvalidTokenResponseError(`${authorizationServer} answered the grant with a token response whose ${flaw}`);

  if (response.token_type !== 'bearer') throw invalid('"token_type" was not asked for');
  if (!/^[\x21-\x7e]+$/.test(response.access_token)) throw invalid('"access_token" cannot be sent in a header');
  const lifetimeSeconds = response.expires_in ?? defaultLifetimeSeconds;
  if (lifetimeSeconds > maxLifetimeSeconds) throw invalid('"expires_in" is more than ten years; it looks like a date');

  return new AccessToken({
    value: response.access_token,
    scope: response.scope ?? requestedScope,
    issuedAt: asked.wall,
    issuedAtMonotonic: asked.monotonic,
    expiresAt: asked.wall + lifetimeSeconds * 1_000,
  });
}

/**
 * Strips a token response of all that this grant ignores (RFC 6749 §5.1), so that a stray `refresh_token`, `id_token` or
 * `null` member is no reason to refuse it. A body that is no JSON object is left as it is.
 * @throws {InvalidTokenResponseError} when `expires_in` is neither a number nor a string of digits
 */
export function trimTokenResponse(body: string, authorizationServer: string): string {
  const parsed = parseObject(body);
  if (parsed === undefined) return body;

  const { access_token, token_type, scope, expires_in } = parsed;
  if (
    typeof expires_in === 'string'
      ? !/^\d+$/.test(expires_in)
      : expires_in !== undefined && !(Number(expires_in) >= 0 && expires_in !== null)
  ) {
    throw new InvalidTokenResponseError(
      `${authorizationServer} answered the grant with an "expires_in" that is no number of seconds`,
    );
  }
  return JSON.stringify({
    access_token,
    token_type,
    expires_in,
    ...(typeof scope === 'string' && scope !== '' && { scope }),
  });
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
