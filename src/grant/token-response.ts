import { AccessToken, type DpopKeyPair } from '../core/access-token.js';
import type { Instant } from '../core/clock.js';
import { ConfigurationError, InvalidTokenResponseError } from '../core/errors.js';
import { isErrorCode, parseObject } from '../core/json.js';
import { readable } from './errors/redaction.js';
import type { Reply } from './http/bounded-fetch.js';

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
  /** SHA-256 thumbprint of the certificate that the token will be bound to (RFC 8705 §3.1). */
  readonly certificateThumbprint?: string | undefined;
  /** Where a token of type DPoP was asked for: what it is bound to, and whether any other is an error (RFC 9449 §5). */
  readonly dpop?: { readonly keyPair: DpopKeyPair; readonly requireBinding: boolean } | undefined;
}

const maxLifetimeSeconds = 10 * 365 * 24 * 60 * 60;

/**
 * The access token of a token response.
 * @throws {InvalidTokenResponseError} when it cannot be presented, or its lifetime makes no sense
 * @throws {ConfigurationError} when it is not bound to the keys that it must be bound to
 */
export function readToken(
  response: TokenResponse,
  { authorizationServer, requestedScope, asked, defaultLifetimeSeconds, certificateThumbprint, dpop }: Expectation,
): AccessToken {
  const invalid = (flaw: string) =>
    new InvalidTokenResponseError(`${authorizationServer} answered the grant with a token response whose ${flaw}`);

  const isBound = response.token_type === 'dpop';
  if (isBound && dpop === undefined) throw invalid('"token_type" was not asked for');
  if (!isBound && dpop?.requireBinding) {
    throw new ConfigurationError(
      `${authorizationServer} granted a plain Bearer token where one bound by DPoP was asked for: have DPoP enabled for ` +
        'this client, or set "requireBinding: false" in dpop()',
    );
  }
  if (!/^[\x21-\x7e]+$/.test(response.access_token)) throw invalid('"access_token" cannot be sent in a header');
  const lifetimeSeconds = response.expires_in ?? defaultLifetimeSeconds;
  if (lifetimeSeconds > maxLifetimeSeconds) throw invalid('"expires_in" is more than ten years; it looks like a date');

  return new AccessToken({
    value: response.access_token,
    ...(isBound && { type: 'DPoP', keyPair: dpop?.keyPair }),
    scope: response.scope ?? requestedScope,
    issuedAt: asked.wall,
    issuedAtMonotonic: asked.monotonic,
    expiresAt: asked.wall + lifetimeSeconds * 1_000,
    certificateThumbprint,
  });
}

/**
 * Prepares a success of the token endpoint for openid-client: checks what that does not, and strips all that this grant
 * ignores (RFC 6749 §5.1), so that a stray `refresh_token`, `id_token` or `null` member is no reason to refuse it.
 * @throws {InvalidTokenResponseError} when it is no JSON, or `expires_in` is neither a number nor a string of digits
 */
export function acceptTokenResponse(
  { headers, body }: Reply,
  authorizationServer: string,
  secrets: readonly string[],
): string {
  const invalid = (flaw: string) =>
    new InvalidTokenResponseError(`${authorizationServer} answered the grant with 200, but ${flaw}`);

  const contentType = headers.get('content-type') ?? 'none';
  if (!/^application\/json\s*(;|$)/i.test(contentType)) {
    throw invalid(`with the content type "${readable(contentType, secrets)}" instead of application/json`);
  }
  const members = parseObject(body);
  if (members === undefined) throw invalid(flawOf(body));
  // An error is an error, whatever the status and whatever is beside it.
  if (isErrorCode(members['error'])) return '{}';

  const { access_token, token_type, scope, expires_in } = members;
  if (!isLifetime(expires_in)) throw invalid('its "expires_in" is no number of seconds');
  return JSON.stringify({
    access_token,
    token_type,
    expires_in: expires_in === undefined ? undefined : Number(expires_in),
    scope: typeof scope === 'string' && scope !== '' ? scope : undefined,
  });
}

function flawOf(body: string): string {
  try {
    JSON.parse(body);
    return 'its body is no token response (RFC 6749 §5.1)';
  } catch {
    return 'its body is no JSON';
  }
}

function isLifetime(value: unknown): boolean {
  if (typeof value === 'string') return /^\d+$/.test(value);
  return value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0);
}
