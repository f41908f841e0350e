import { AccessToken, type TokenMembers } from '../core/access-token.js';
import type { AuthorizationDetail } from '../core/authorization-details.js';
import type { Instant } from '../core/clock.js';
import type { DpopBinding } from '../core/dpop-proof.js';
import { ConfigurationError, InvalidTokenResponseError } from '../core/errors.js';
import { isErrorCode } from './errors/error-response.js';
import { readable } from './errors/redaction.js';
import { neverBearer, unsupportedType } from './errors/token-type.js';
import type { BoundedResponse } from './http/bounded-fetch.js';

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
  readonly dpop?: (DpopBinding & { readonly requireBinding: boolean }) | undefined;
  /** The members of the token response that `keepMembers` names. */
  readonly members?: TokenMembers | undefined;
  /** The granted authorization details (RFC 9396 §7). */
  readonly authorizationDetails?: readonly AuthorizationDetail[] | undefined;
}

/**
 * The access token of a token response.
 * @throws {InvalidTokenResponseError} if the token cannot be sent, or its lifetime is invalid
 * @throws {ConfigurationError} if the token is not bound to the required DPoP key
 */
export function readToken(response: TokenResponse, context: TokenResponseContext): AccessToken {
  const { authorizationServer, requestedAt, certificateThumbprint, dpop } = context;
  const invalid = (flaw: string) =>
    new InvalidTokenResponseError(`${authorizationServer} sent a token response whose ${flaw}`);

  const isDpop = response.token_type === 'dpop';
  if (isDpop && dpop === undefined) throw invalid('"token_type" is DPoP, which was not requested');
  if (response.token_type === 'bearer' && dpop?.requireBinding) {
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
    ...(isDpop && { type: 'DPoP', keyPair: dpop?.keyPair, signer: dpop?.signer }),
    ...(response.token_type === 'n_a' && { type: 'N_A' }),
    scope: response.scope && cleanScope(response.scope),
    issuedAt: requestedAt.wall,
    issuedAtMonotonic: requestedAt.monotonic,
    expiresAt: requestedAt.wall + lifetime.seconds * 1_000,
    certificateThumbprint,
    members: context.members,
    authorizationDetails: context.authorizationDetails,
  });
}

/** How {@link acceptTokenResponse} checks a response. */
export interface TokenResponseChecks {
  /** Whether a missing or unknown `token_type` counts as Bearer. */
  readonly assumeBearer: boolean;
  /** Whether the token may be no access token: `N_A` (RFC 8693 §2.2.1). @default false */
  readonly isExchange?: boolean | undefined;
  readonly authorizationServer: string;
  /** Texts that must not appear in a message. */
  readonly secrets: readonly string[];
}

/**
 * Checks a successful response more strictly than openid-client, and returns a body for openid-client with the members
 * that this grant uses. With the original body, openid-client would reject a token response for another member that is
 * malformed, such as `"refresh_token": null` (RFC 6749 §5.1).
 * @throws {InvalidTokenResponseError} if the body is not a JSON object, `expires_in` is not a number of seconds, or the
 *   token is of a type that this library cannot send
 */
export function acceptTokenResponse(
  { status, headers, body }: BoundedResponse,
  { authorizationServer, secrets, assumeBearer, isExchange = false }: TokenResponseChecks,
): string {
  const invalid = (flaw: string) =>
    new InvalidTokenResponseError(`${authorizationServer} responded to the grant with ${status}, but ${flaw}`);

  const contentType = headers.get('content-type') ?? 'none';
  if (!/^application\/json\s*(;|$)/i.test(contentType)) {
    throw invalid(`with the content type "${readable(contentType, secrets)}" instead of application/json`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.replace(/^\ufeff/, ''));
  } catch {
    throw invalid('its body is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw invalid('its body is not a token response (RFC 6749 §5.1)');
  }
  const members = parsed as Readonly<Record<string, unknown>>;
  // With an error code it is an error response, whatever the status. The empty object makes openid-client fail.
  if ('error' in members && isErrorCode(members['error'])) return '{}';

  const { access_token, token_type, scope, expires_in } = members;
  if (!isLifetime(expires_in)) throw invalid('its "expires_in" is not a number of seconds');
  const type = tokenTypeOf(token_type, { assumeBearer, isExchange });
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

function isLifetime(value: unknown): boolean {
  if (typeof value === 'string') return /^\d+$/.test(value);
  return value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0);
}

const maxSeconds = 10 * 365 * 24 * 60 * 60;
const cappedSeconds = 24 * 60 * 60;
// Some servers mean "never" by it, but it is also a Unix time in the year 2038.
const never = 2 ** 31 - 1;

/**
 * Reads `expires_in`. Servers announce "never expires" as 2^31-1 or 2^63/1000; such a token counts as valid for 24
 * hours. `undefined` if the number is a Unix time within ten years of now, in seconds or in milliseconds: then its
 * meaning is unclear.
 */
export function readLifetime(expiresIn: number, nowMs: number): { seconds: number; isCapped: boolean } | undefined {
  if (expiresIn <= maxSeconds) return { seconds: expiresIn, isCapped: false };
  const isNear = (timeMs: number): boolean => Math.abs(timeMs - nowMs) <= maxSeconds * 1_000;
  const isDate = expiresIn !== never && (isNear(expiresIn * 1_000) || isNear(expiresIn));
  return isDate ? undefined : { seconds: cappedSeconds, isCapped: true };
}

// In lower case; `undefined` if this library cannot send such a token.
function tokenTypeOf(
  value: unknown,
  { assumeBearer, isExchange }: { readonly assumeBearer: boolean; readonly isExchange: boolean },
): 'bearer' | 'dpop' | 'n_a' | undefined {
  const type = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (type === 'bearer' || type === 'dpop' || (type === 'n_a' && isExchange)) return type;
  return assumeBearer && !neverBearer.has(type?.trim() ?? '') ? 'bearer' : undefined;
}
