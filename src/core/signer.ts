import type { KeyObject } from 'node:crypto';

import { type Check, durationMs, nonEmptyString, oneOf } from './check-options.js';
import { ConfigurationError } from './errors.js';
import { algorithmsOf, importPublicKey, type PublicKey } from './public-key.js';

/**
 * Signs with a key that never leaves its place, such as a key management service or a security module (PKCS#11).
 * @see [RFC 7515 §5.1](https://www.rfc-editor.org/rfc/rfc7515#section-5.1)
 * @example
 * ```ts
 * import { privateKeyJwt, type Signer } from 'm2m-tokens';
 *
 * const signer = (sign: (data: Uint8Array) => Promise<Uint8Array>): Signer => ({
 *   algorithm: 'ES256',
 *   keyId: 'orders-2026',
 *   sign,
 * });
 * const authentication = (sign: Signer['sign']) => privateKeyJwt({ signer: signer(sign) });
 * ```
 */
export interface Signer {
  /** The JWS algorithm (RFC 7518 §3.1, RFC 8037 §3.1): RS256, PS256, ES256 and those with 384 and 512, EdDSA, Ed25519. */
  readonly algorithm: string;
  /** The `kid` of client assertions. It names the signer in messages. */
  readonly keyId: string;
  /**
   * The public key. With it, each signature is verified before it is sent. `dpop` requires it, because each proof
   * contains it.
   * @default the key of `certificate`, if `privateKeyJwt` has one
   */
  readonly publicKey?: PublicKey | undefined;
  /** Deadline of each signature, in milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Signs the data, which are not hashed yet. An ECDSA signature may be in DER, or r and s one after the other.
   * Called for each assertion and each DPoP proof, also concurrently.
   */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** The JWS algorithms of client assertions. */
export const signingAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

const members: Readonly<Record<string, Check>> = {
  algorithm: oneOf(...signingAlgorithms),
  keyId: nonEmptyString,
  timeoutMs: (value) => (value === undefined ? undefined : durationMs(value)),
  sign: (value) => (typeof value === 'function' ? undefined : 'a function'),
};

/**
 * Checks a signer, which may be an object with further members, and imports its public key.
 * @throws {ConfigurationError} if a member is missing or malformed, or the public key does not fit the algorithm
 */
export function checkSigner(owner: string, signer: Signer): KeyObject | undefined {
  const name = `the "signer" of ${owner}`;
  for (const [member, check] of Object.entries(members)) {
    const expected = check((signer as unknown as Record<string, unknown>)[member]);
    if (expected !== undefined) throw new ConfigurationError(`"${member}" of ${name} must be ${expected}`);
  }
  if (signer.publicKey === undefined) return undefined;
  const key = importPublicKey(signer.publicKey, `"publicKey" of ${name}`);
  checkFit(signer, key, `"publicKey" of ${name}`);
  return key;
}

/** @throws {ConfigurationError} if a public key, which `owner` names, does not fit the algorithm of the signer */
export function checkFit({ algorithm }: Signer, key: KeyObject, owner: string): void {
  const fitting = algorithmsOf(key);
  if (fitting.includes(algorithm)) return;
  throw new ConfigurationError(`${owner} is for ${fitting.join(' or ')}, but the signer uses ${algorithm}`);
}
