import { crc32 } from 'node:zlib';

import type { AccessToken, AccessTokenFields } from '../../core/access-token.js';
import type { Instant } from '../../core/clock.js';
import type { StoredToken } from '../../stores/token-store.js';

/** The format that this release writes and reads. A change of it takes the next number. */
const version = 1;

/** How far the clocks of two hosts may be apart, in milliseconds. */
export const clockSkewMs = 60_000;

const longestLifetimeMs = 10 * 366 * 24 * 3_600_000;

/** What a store is given for a token: with the key that it is for, and a checksum of it all. */
export function toStored(key: string, token: AccessToken): StoredToken {
  const issuedAt = Math.floor(token.issuedAt);
  const expiresAt = Math.floor(token.expiresAt);
  // A value holds no line break; a scope, which comes from the authorization server as it is, may.
  const body = [key, token.type, token.value, ...(token.scope === undefined ? [] : [token.scope])].join('\n');
  return { version, issuedAt, expiresAt, payload: checksum(issuedAt, expiresAt, body) + body };
}

/**
 * The token that a store returned: `'odd'` when it is damaged or malformed, another key's or of a time that cannot be,
 * `'later version'` when a later release wrote it. Never throws.
 *
 * Its times are by the wall clock of another host. It lives no longer than its lifetime from now on, whatever that clock says.
 */
export function fromStored(
  key: string,
  stored: StoredToken,
  now: Instant,
): AccessTokenFields | 'odd' | 'later version' {
  if (stored.version > version) return 'later version';
  const { issuedAt, expiresAt, payload } = stored;
  if (typeof payload !== 'string' || !Number.isInteger(issuedAt) || !Number.isInteger(expiresAt)) return 'odd';
  const body = payload.slice(checksumLength);
  const lifetimeMs = expiresAt - issuedAt;
  if (stored.version !== version || !payload.startsWith(checksum(issuedAt, expiresAt, body))) return 'odd';
  if (issuedAt > now.wall + clockSkewMs || !(lifetimeMs > 0 && lifetimeMs <= longestLifetimeMs)) return 'odd';
  const [echoed, type, value = '', ...scope] = body.split('\n');
  if (echoed !== key || value === '' || (type !== 'Bearer' && type !== 'DPoP')) return 'odd';
  return {
    value,
    type,
    scope: scope.length === 0 ? undefined : scope.join('\n'),
    issuedAt,
    expiresAt,
    issuedAtMonotonic: now.monotonic - Math.max(0, now.wall - issuedAt),
  };
}

const checksumLength = 8;

// Against damage, not against those who mean it: they could compute any other one, too. That is what encryption is for.
const checksum = (issuedAt: number, expiresAt: number, body: string): string =>
  crc32(`${issuedAt}:${expiresAt}${body}`).toString(16).padStart(checksumLength, '0');
