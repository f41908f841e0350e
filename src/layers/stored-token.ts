import { createHash } from 'node:crypto';

import type { AccessToken, AccessTokenFields } from '../access-token.js';
import type { Instant } from '../clock.js';
import type { StoredToken } from '../stores/token-store.js';

/** The format that this release writes and reads. A change of it takes the next number. */
const version = 1;

/** How far the clocks of two hosts may be apart, in milliseconds. */
export const clockSkewMs = 60_000;

const longestLifetimeMs = 10 * 366 * 24 * 3_600_000;

/** What a store is given for a token: a digest binds its parts and the key together, so that nothing changed goes unnoticed. */
export function toStored(key: string, token: AccessToken): StoredToken {
  const issuedAt = Math.floor(token.issuedAt);
  const expiresAt = Math.floor(token.expiresAt);
  const body = JSON.stringify({ value: token.value, type: token.type, scope: token.scope });
  return { version, issuedAt, expiresAt, payload: digestOf(key, issuedAt, expiresAt, body) + body };
}

/**
 * The token that a store returned: `'odd'` when it is damaged, another key's or of a time that cannot be, `'later version'`
 * when a later release wrote it. Never throws.
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
  const body = payload.slice(digestLength);
  const lifetimeMs = expiresAt - issuedAt;
  if (stored.version !== version || payload !== digestOf(key, issuedAt, expiresAt, body) + body) return 'odd';
  if (issuedAt > now.wall + clockSkewMs || !(lifetimeMs > 0 && lifetimeMs <= longestLifetimeMs)) return 'odd';
  const fields = parse(body);
  return fields === undefined
    ? 'odd'
    : { ...fields, issuedAt, expiresAt, issuedAtMonotonic: now.monotonic - Math.max(0, now.wall - issuedAt) };
}

const digestLength = 43;

const digestOf = (key: string, issuedAt: number, expiresAt: number, body: string): string =>
  createHash('sha256').update(`${key}:${version}:${issuedAt}:${expiresAt}:${body}`).digest('base64url');

// Anybody can compute a digest: who may write to the store can put there what he likes.
function parse(body: string): Pick<AccessTokenFields, 'value' | 'type' | 'scope'> | undefined {
  try {
    const { value, type, scope } = JSON.parse(body) as Record<string, unknown>;
    const isPresentable = typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
    if (!isPresentable || (type !== 'Bearer' && type !== 'DPoP')) return undefined;
    return { value, type, scope: typeof scope === 'string' ? scope : undefined };
  } catch {
    return undefined;
  }
}
