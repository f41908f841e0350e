import type { AccessTokenFields, AccessTokenType, DpopKeyPair, TokenMembers } from './access-token-fields.js';
import type { AuthorizationDetail } from './authorization-details.js';
import { type Clock, systemClock } from './clock.js';
import { ConfigurationError } from './errors.js';
import type { Signer } from './signer.js';

export type { AccessTokenFields, AccessTokenType, DpopKeyPair, TokenMembers } from './access-token-fields.js';

/**
 * An access token, immutable. To send it, read `authorization` or `value`; `toString`, `toJSON` and `util.inspect`
 * redact both.
 * @see [RFC 6749 §1.4](https://www.rfc-editor.org/rfc/rfc6749#section-1.4)
 * @example
 * ```ts
 * import { AccessToken } from 'm2m-tokens';
 *
 * const issuedAt = Date.now();
 * const token = new AccessToken({ value: 'eyJhbGciOi…', issuedAt, expiresAt: issuedAt + 300_000 });
 * ```
 */
export class AccessToken {
  /** The scheme of the `Authorization` header. */
  readonly type: AccessTokenType;
  /**
   * The granted scope, space-separated. `undefined` if it is unknown, because the authorization server did not name it:
   * it may be the requested scope (RFC 6749 §5.1), but some servers grant fewer scopes without reporting it.
   */
  readonly scope: string | undefined;
  /** Milliseconds since the epoch: the instant before the grant was sent. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch; `Infinity` for a token that never expires. */
  readonly expiresAt: number;
  /**
   * SHA-256 thumbprint of the client certificate that the token is bound to (RFC 8705 §3.1); `undefined` if there is
   * none.
   */
  readonly certificateThumbprint: string | undefined;
  readonly #shared: boolean;
  readonly #value: string;
  readonly #authorization: string;
  readonly #keyPair: DpopKeyPair | undefined;
  readonly #signer: Signer | undefined;
  readonly #issuedAtMonotonic: number | undefined;
  readonly #members: TokenMembers;
  readonly #authorizationDetails: readonly AuthorizationDetail[];

  /** @throws {ConfigurationError} if a field is missing or malformed; the message does not repeat the value */
  constructor(fields: AccessTokenFields) {
    checkFields(fields);
    const { value, type = 'Bearer' } = fields;
    this.type = type;
    this.scope = fields.scope;
    this.issuedAt = fields.issuedAt;
    this.expiresAt = fields.expiresAt;
    this.certificateThumbprint = fields.certificateThumbprint;
    this.#shared = fields.shared ?? false;
    this.#value = value;
    this.#authorization = `${type} ${value}`;
    this.#keyPair = fields.keyPair;
    this.#signer = fields.signer;
    this.#issuedAtMonotonic = fields.issuedAtMonotonic;
    this.#members = fields.members === undefined ? noMembers : Object.freeze({ ...fields.members });
    this.#authorizationDetails = fields.authorizationDetails ?? noDetails;
    Object.freeze(this);
  }

  /** The token itself, a secret. */
  get value(): string {
    return this.#value;
  }

  /** The value of the `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1), a secret. */
  get authorization(): string {
    return this.#authorization;
  }

  /** Whether the token comes from the shared store: another replica, or an earlier process, obtained it. */
  get shared(): boolean {
    return this.#shared;
  }

  /** The keys that a token of type DPoP is bound to (RFC 9449 §6); never printed. */
  get keyPair(): DpopKeyPair | undefined {
    return this.#keyPair;
  }

  /** The remote signer that a token of type DPoP is bound to, in place of `keyPair`; never printed. */
  get signer(): Signer | undefined {
    return this.#signer;
  }

  /**
   * The members of the token response that the option `keepMembers` names, such as `instance_url`; frozen, and never
   * printed with the token.
   */
  get members(): TokenMembers {
    return this.#members;
  }

  /** The granted authorization details (RFC 9396 §7), never printed with the token. Empty if the server named none. */
  get authorizationDetails(): readonly AuthorizationDetail[] {
    return this.#authorizationDetails;
  }

  /** Milliseconds until the token expires on either clock, wall or monotonic; negative after expiry. */
  remainingMs(clock: Clock = systemClock): number {
    const byWall = this.expiresAt - clock.now();
    if (this.#issuedAtMonotonic === undefined) return byWall;
    const lifetimeMs = this.expiresAt - this.issuedAt;
    return Math.min(byWall, lifetimeMs - (clock.monotonic() - this.#issuedAtMonotonic));
  }

  /** The type and the text `[redacted]`. */
  toString(): string {
    return `${this.type} [redacted]`;
  }

  /** The fields without the secrets, for `JSON.stringify`. */
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

const noMembers: TokenMembers = Object.freeze({});
const noDetails: readonly AuthorizationDetail[] = Object.freeze([]);

function checkFields(fields: AccessTokenFields | undefined): void {
  const { value, issuedAt, expiresAt } = Object(fields) as Partial<AccessTokenFields>;
  if (typeof value !== 'string') throw new ConfigurationError('the fields of an AccessToken need "value": a string');
  if (typeof issuedAt === 'number' && typeof expiresAt === 'number') return;
  throw new ConfigurationError(
    'the fields of an AccessToken need "issuedAt" and "expiresAt": milliseconds since the epoch',
  );
}

/** An expired copy of a token that must not be used any more. Each layer replaces an expired token at once. */
export function asExpired({ value, type, scope, issuedAt }: AccessToken): AccessToken {
  return new AccessToken({ value, type, scope, issuedAt, expiresAt: issuedAt });
}
