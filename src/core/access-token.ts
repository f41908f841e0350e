import type { webcrypto } from 'node:crypto';

import { type Clock, systemClock } from './clock.js';

/** How an access token is presented: the scheme of the `Authorization` header. */
export type AccessTokenType = 'Bearer' | 'DPoP';

/** The keys that a token of type DPoP is bound to: whoever sends it signs each request with the private one (RFC 9449 §6). */
export interface DpopKeyPair {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

/** What an {@link AccessToken} is made of. */
export interface AccessTokenFields {
  readonly value: string;
  /** @default 'Bearer' */
  readonly type?: AccessTokenType;
  /** What a token of type DPoP is bound to; without it no adapter can send the token. */
  readonly keyPair?: DpopKeyPair | undefined;
  /** The granted scope, space-separated; absent when none is known. */
  readonly scope?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch; `Infinity` for a token that never expires. */
  readonly expiresAt: number;
  /** The same moment as `issuedAt` on this process's monotonic clock, in milliseconds. Only the wall clock counts without it. */
  readonly issuedAtMonotonic?: number | undefined;
  /** SHA-256 thumbprint of the certificate that the token is bound to (RFC 8705 §3.1); absent for one that is not. */
  readonly certificateThumbprint?: string | undefined;
}

/**
 * An access token (RFC 6749 §1.4), immutable. It never prints its value: `toString`, `toJSON` and `util.inspect` redact it.
 * Read `value` or `authorization` where it is sent.
 */
export class AccessToken {
  readonly type: AccessTokenType;
  /** The granted scope, space-separated; `undefined` when none is known. */
  readonly scope: string | undefined;
  /** Milliseconds since the epoch: the instant before the grant was sent. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch; `Infinity` for a token that never expires. */
  readonly expiresAt: number;
  /** SHA-256 thumbprint of the certificate that the token is bound to (RFC 8705 §3.1); `undefined` for one that is not. */
  readonly certificateThumbprint: string | undefined;
  readonly #value: string;
  readonly #authorization: string;
  readonly #keyPair: DpopKeyPair | undefined;
  readonly #issuedAtMonotonic: number | undefined;

  constructor(fields: AccessTokenFields) {
    const { value, type = 'Bearer' } = fields;
    this.type = type;
    this.scope = fields.scope;
    this.issuedAt = fields.issuedAt;
    this.expiresAt = fields.expiresAt;
    this.certificateThumbprint = fields.certificateThumbprint;
    this.#value = value;
    this.#authorization = `${type} ${value}`;
    this.#keyPair = fields.keyPair;
    this.#issuedAtMonotonic = fields.issuedAtMonotonic;
    Object.freeze(this);
  }

  /** The token itself. */
  get value(): string {
    return this.#value;
  }

  /** The value of an `Authorization` header that presents this token (RFC 6750 §2.1, RFC 9449 §7.1). */
  get authorization(): string {
    return this.#authorization;
  }

  /** What a token of type DPoP is bound to (RFC 9449 §6); never printed either. */
  get keyPair(): DpopKeyPair | undefined {
    return this.#keyPair;
  }

  /** Milliseconds until the token expires, by the clock that says less; negative once it has. */
  remainingMs(clock: Clock = systemClock): number {
    const byWall = this.expiresAt - clock.now();
    if (this.#issuedAtMonotonic === undefined) return byWall;
    const lifetimeMs = this.expiresAt - this.issuedAt;
    return Math.min(byWall, lifetimeMs - (clock.monotonic() - this.#issuedAtMonotonic));
  }

  toString(): string {
    return `${this.type} [redacted]`;
  }

  toJSON(): object {
    const { type, scope, issuedAt, expiresAt } = this;
    return { value: '[redacted]', type, scope, issuedAt, expiresAt };
  }

  [Symbol.for('nodejs.util.inspect.custom')](
    _depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    return `AccessToken ${inspect(this.toJSON(), options)}`;
  }
}
