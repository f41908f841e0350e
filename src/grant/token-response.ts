import { AccessToken, type DpopKeyPair, type TokenMembers } from '../core/access-token.js';
import type { Instant } from '../core/clock.js';
import { ConfigurationError, InvalidTokenResponseError } from '../core/errors.js';
import { parseObject } from '../core/json.js';
import { isErrorCode } from './errors/error-response.js';
import { readable } from './errors/redaction.js';
import type { BoundedResponse } from './http/bounded-fetch.js';
import { readLifetime } from './lifetime.js';
import { tokenTypeOf, type TokenTypeOptions, unsupportedType } from './token-type.js';

/** The members of a token response that become part of the token (RFC 6749 §5.1), as checked by openid-client. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: string;
  readonly scope?: string | undefined;
  readonly expires_in?: number | undefined;
}

/** The grant that a token response belongs to. */
export interface TokenResponseContext {
  readonly authorizationServer: string;
  /** The instant before the token request was sent: its latency counts against the lifetime. */
  readonly requestedAt: Instant;
  readonly defaultLifetimeSeconds: number;
  /** SHA-256 thumbprint of the certificate that the token is bound to (RFC 8705 §3.1). */
  readonly certificateThumbprint?: string | undefined;
  /** The DPoP key of the token request, and whether a Bearer token is an error (RFC 9449 §5). */
  readonly dpop?: { readonly keyPair: DpopKeyPair; readonly requireBinding: boolean } | undefined;
  /** The members of the token response that the user wants to keep. */
  readonly members?: TokenMembers | undefined;
}

/**
 * The access token of a token response.
 * @throws {InvalidTokenResponseError} if the token cannot be sent, or its lifetime makes no sense
 * @throws {ConfigurationError} if the token is not bound to the required DPoP key
 */
export function readToken(response: TokenResponse, context: TokenResponseContext): AccessToken {
  const { authorizationServer, requestedAt, certificateThumbprint, dpop } = context;
  const invalid = (flaw: string) =>
    new InvalidTokenResponseError(`${authorizationServer} answered the grant with a token response whose ${flaw}`);

  const isDpop = response.token_type === 'dpop';
  if (isDpop && dpop === undefined) throw invalid('"token_type" is DPoP, which was not requested');
  if (!isDpop && dpop?.requireBinding) {
    throw new ConfigurationError(
      `${authorizationServer} granted a Bearer token instead of a DPoP-bound one: enable DPoP for this client, or set ` +
        '"requireBinding: false" in dpop()',
    );
  }
  if (!/^[\x21-\x7e]+$/.test(response.access_token)) throw invalid('"access_token" cannot be sent in a header');
  const lifetime = readLifetime(response.expires_in ?? context.defaultLifetimeSeconds, requestedAt.wall);
  if (lifetime === undefined) throw invalid('"expires_in" is a date; it must be a number of seconds (RFC 6749 §5.1)');

  return new AccessToken({
    value: response.access_token,
    ...(isDpop && { type: 'DPoP', keyPair: dpop?.keyPair }),
    scope: response.scope && cleanScope(response.scope),
    issuedAt: requestedAt.wall,
    issuedAtMonotonic: requestedAt.monotonic,
    expiresAt: requestedAt.wall + lifetime.seconds * 1_000,
    certificateThumbprint,
    members: context.members,
  });
}

/** How {@link acceptTokenResponse} checks a response. */
export interface TokenResponseChecks extends TokenTypeOptions {
  readonly authorizationServer: string;
  /** Texts that must not appear in a message. */
  readonly secrets: readonly string[];
}

/**
 * Checks a successful response more strictly than openid-client, and returns the members that openid-client is to read.
 * It would reject a token response for a malformed member that this grant ignores, such as `"refresh_token": null`
 * (RFC 6749 §5.1). openid-client reads responses only as a body, so the members are serialised again.
 * @throws {InvalidTokenResponseError} if the body is no JSON object, `expires_in` is no number of seconds, or the
 *   token is of a type that this library cannot send
 */
export function acceptTokenResponse(
  { status, headers, body }: BoundedResponse,
  { authorizationServer, secrets, assumeBearer }: TokenResponseChecks,
): string {
  const invalid = (flaw: string) =>
    new InvalidTokenResponseError(`${authorizationServer} answered the grant with ${status}, but ${flaw}`);

  const contentType = headers.get('content-type') ?? 'none';
  if (!/^application\/json\s*(;|$)/i.test(contentType)) {
    throw invalid(`with the content type "${readable(contentType, secrets)}" instead of application/json`);
  }
  const members = parseObject(body);
  if (members === undefined) throw invalid(flawOf(body));
  // With an error code it is an error response, whatever the status. Without members, openid-client rejects it.
  if ('error' in members && isErrorCode(members['error'])) return '{}';

  const { access_token, token_type, scope, expires_in } = members;
  if (!isLifetime(expires_in)) throw invalid('its "expires_in" is no number of seconds');
  const type = tokenTypeOf(token_type, { assumeBearer });
  if (type === undefined && typeof access_token === 'string') {
    throw invalid(unsupportedType(token_type, [...secrets, access_token]));
  }
  return JSON.stringify({
    access_token,
    token_type: type,
    expires_in: expires_in === undefined ? undefined : Number(expires_in),
    scope: typeof scope === 'string' && scope !== '' ? scope : undefined,
  });
}

// RFC 6749 §3.3: %x21 / %x23-5B / %x5D-7E, separated by spaces.
const cleanScope = (scope: string): string => scope.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]+/g, ' ').trim();

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
