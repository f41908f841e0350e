import { cleanIssuer, cleanList } from '../core/clean-text.js';
import type { Clock } from '../core/clock.js';
import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';
import { claimsOf } from '../core/jwt-claims.js';
import { type Pause, pause } from '../core/pause.js';

/** A token as the platform issued it. */
export interface IssuedToken {
  readonly token: unknown;
  /** Milliseconds since the epoch. @default the `exp` of the token */
  readonly expiresAt?: number | undefined;
}

/** A checked token, and how long it is valid; `undefined` for unknown. */
export interface IdentityToken {
  readonly token: string;
  readonly validity: Pause | undefined;
  /** The token is renewed when its validity is shorter than this, in milliseconds. */
  readonly renewalWindowMs: number;
}

/** What a token is compared with. */
export interface Expectation {
  /** Names the origin of the token in messages. */
  readonly name: string;
  readonly audience: string | undefined;
  readonly clock: Clock;
}

/** The largest body, file or output that is read, in bytes. */
export const maxBytes = 128 * 1024;
const maxTokenLength = 64 * 1024;
// The cache of access tokens has the same window.
const renewalShare = 0.2;
const maxRenewalWindowMs = 300_000;

/**
 * Checks a token without its signature, which the authorization server verifies.
 * @throws {ConfigurationError} if the token is for another audience
 * @throws {GrantUnavailableError} if it is no token, or has expired
 */
export function acceptToken(issued: IssuedToken, { name, audience, clock }: Expectation): IdentityToken {
  const { token } = issued;
  if (typeof token !== 'string') throw unusable(name, 'is not a string');
  if (token === '') throw unusable(name, 'is empty');
  if (token.length > maxTokenLength) throw unusable(name, `is longer than ${maxTokenLength / 1024} KiB`);
  if (!/^[\x21-\x7e]+$/.test(token) || token.startsWith('<')) {
    throw unusable(name, 'is no token: it contains white space, markup or characters that are not ASCII');
  }
  const claims = claimsOf(token);
  if (audience !== undefined && claims !== undefined) checkAudience(name, audience, claims['aud']);

  const now = clock.now();
  const expiresAt = earliest(issued.expiresAt, secondsToMs(claims?.['exp']));
  if (expiresAt === undefined) return { token, validity: undefined, renewalWindowMs: 0 };
  if (expiresAt <= now) {
    throw unusable(name, `expired ${Math.ceil((now - expiresAt) / 1_000)} s ago; check the clock of this machine too`);
  }
  const renewalWindowMs = Math.min(maxRenewalWindowMs, (expiresAt - now) * renewalShare);
  return { token, validity: pause(expiresAt - now, clock), renewalWindowMs };
}

/** Seconds since the epoch, as a number or in digits, in milliseconds; `undefined` for any other value. */
export function secondsToMs(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

/** The error for a token that another one may replace. */
export const unusable = (name: string, flaw: string): GrantUnavailableError =>
  new GrantUnavailableError(`the token of ${name} ${flaw}`);

function checkAudience(name: string, audience: string, aud: unknown): void {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (audiences.includes(audience)) return;
  const actual = aud === undefined ? 'no audience' : `the audience "${cleanList(audiences)}"`;
  throw new ConfigurationError(
    `the token of ${name} has ${actual}, not "${cleanIssuer(audience)}"; it is not sent, because its recipient could use ` +
      'it elsewhere: have it issued for this audience, or correct "audience"',
  );
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
