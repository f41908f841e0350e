import { crc32 } from 'node:zlib';

import { AccessToken, type AccessTokenFields, type AccessTokenType, type TokenMembers } from '../core/access-token.js';
import { type AuthorizationDetail, isListOfDetails } from '../core/authorization-details.js';
import type { Instant } from '../core/clock.js';
import { parseObject } from '../core/json.js';
import type { StoredToken } from './token-store.js';

/** The content of a store entry. An invalid entry is damaged, malformed, of another key, or has impossible times. */
export type TokenRecord =
  | { readonly kind: 'token'; readonly token: AccessToken }
  | { readonly kind: 'invalid' | 'newer format'; readonly token?: undefined };

/** The certificate and the DPoP key that constrain the tokens of a client. The store holds neither. */
export interface SenderConstraint extends Pick<AccessTokenFields, 'certificateThumbprint' | 'keyPair' | 'signer'> {
  /** A digest of the public DPoP key. */
  readonly thumbprint?: string | undefined;
}

/** How far the clocks of two hosts may differ, in milliseconds. */
export const clockSkewMs = 60_000;

// The format versions that this release reads and writes. Version 2 adds a line for the members of a token, if it
// has any; version 3 also one for its authorization details. A change of the format takes the next number.
const versions = { withoutMembers: 1, withMembers: 2, withDetails: 3 } as const;
const maxLifetimeMs = 10 * 366 * 24 * 3_600_000;
const checksumLength = 8;
const invalid: TokenRecord = { kind: 'invalid' };

/** Writes a token as an entry, with the key of the entry and a checksum over everything. */
export function toStored(key: string, token: AccessToken): StoredToken {
  const issuedAt = Math.floor(token.issuedAt);
  const expiresAt = Math.floor(token.expiresAt);
  const hasDetails = token.authorizationDetails.length > 0;
  const hasMembers = hasDetails || Object.keys(token.members).length > 0;
  const version = hasDetails ? versions.withDetails : hasMembers ? versions.withMembers : versions.withoutMembers;
  const members = hasMembers ? [JSON.stringify(token.members)] : [];
  const details = hasDetails ? [JSON.stringify(token.authorizationDetails)] : [];
  const scope = token.scope === undefined ? [] : [token.scope];
  // The scope is last: unlike the other parts, it may have a line break if a user's token source made the token.
  const body = [key, token.type, token.value, ...members, ...details, ...scope].join('\n');
  return { version, issuedAt, expiresAt, payload: checksum(issuedAt, expiresAt, body) + body };
}

/**
 * Reads an entry; never throws. Its times come from the clock of another host, which may be ahead: the token expires at
 * the latest one lifetime after `now`.
 */
export function fromStored(key: string, stored: StoredToken, now: Instant, constraint: SenderConstraint): TokenRecord {
  if (Number.isInteger(stored.version) && stored.version > versions.withDetails) return { kind: 'newer format' };
  const { issuedAt, expiresAt, payload } = stored;
  if (typeof payload !== 'string' || !Number.isInteger(issuedAt) || !Number.isInteger(expiresAt)) return invalid;
  const body = payload.slice(checksumLength);
  const lifetimeMs = expiresAt - issuedAt;
  if (!isKnown(stored.version) || !payload.startsWith(checksum(issuedAt, expiresAt, body))) return invalid;
  if (issuedAt > now.wall + clockSkewMs || !(lifetimeMs > 0 && lifetimeMs <= maxLifetimeMs)) return invalid;
  const [storedKey, type, value = '', ...lines] = body.split('\n');
  if (storedKey !== key || value === '' || !isType(type)) return invalid;
  const members = stored.version >= versions.withMembers ? readMembers(lines.shift() ?? '') : {};
  const authorizationDetails = stored.version >= versions.withDetails ? readDetails(lines.shift() ?? '') : [];
  if (members === undefined || authorizationDetails === undefined) return invalid;
  const scope = lines.length === 0 ? undefined : lines.join('\n');
  const issuedAtMonotonic = now.monotonic - Math.max(0, now.wall - issuedAt);
  const { certificateThumbprint } = constraint;
  const { keyPair, signer }: SenderConstraint = type === 'DPoP' ? constraint : {};
  const times = { issuedAt, issuedAtMonotonic, expiresAt };
  const fields = {
    value,
    type,
    scope,
    members,
    authorizationDetails,
    ...times,
    certificateThumbprint,
    keyPair,
    signer,
    shared: true,
  } as const;
  return { kind: 'token', token: new AccessToken(fields) };
}

/** Whether a client with this certificate and key may present the token. */
export function canPresent(token: AccessToken, constraint: SenderConstraint): boolean {
  const { type, keyPair, signer, certificateThumbprint } = token;
  const key = keyPair ?? signer;
  if (type === 'DPoP' && (key === undefined || key !== (constraint.keyPair ?? constraint.signer))) return false;
  return certificateThumbprint === undefined || certificateThumbprint === constraint.certificateThumbprint;
}

function readMembers(line: string): TokenMembers | undefined {
  const members = parseObject(line);
  const isMalformed =
    members === undefined || Object.values(members).some((value) => !['string', 'number'].includes(typeof value));
  return isMalformed ? undefined : (members as TokenMembers);
}

function readDetails(line: string): readonly AuthorizationDetail[] | undefined {
  const { details } = parseObject(`{"details":${line}}`) ?? {};
  return isListOfDetails(details) ? details : undefined;
}

const isType = (type: unknown): type is AccessTokenType => type === 'Bearer' || type === 'DPoP' || type === 'N_A';

const isKnown = (version: number): boolean => Object.values<number>(versions).includes(version);

// Detects damage, not an attack: an attacker can compute it too. Encryption detects both.
const checksum = (issuedAt: number, expiresAt: number, body: string): string =>
  crc32(`${issuedAt}:${expiresAt}${body}`).toString(16).padStart(checksumLength, '0');
