import { KeyObject } from 'node:crypto';
import { isCryptoKey } from 'node:util/types';

import { randomDPoPKeyPair } from 'openid-client';

import type { DpopKeyPair } from '../core/access-token.js';
import { anyBoolean, anyObject, checkOptions, objectWith } from '../core/check-options.js';
import type { DpopBinding } from '../core/dpop-proof.js';
import { ConfigurationError } from '../core/errors.js';
import { thumbprintOfKey } from '../core/public-key.js';
import { checkSigner, type Signer } from '../core/signer.js';

/** Options of {@link dpop}. */
export interface DpopOptions {
  /**
   * The DPoP key, as a pair of `CryptoKey`s: ECDSA with P-256, Ed25519, or RSA of at least 2048 bits with SHA-256.
   * @default a new pair for ES256, generated for the first grant; its private key cannot be exported
   */
  readonly keyPair?: DpopKeyPair | undefined;
  /**
   * Signs the proofs with a key that never leaves its place, in place of `keyPair`. Each token request and each request
   * of an adapter with a DPoP token needs one signature. Its `publicKey` is required.
   */
  readonly signer?: Signer | undefined;
  /**
   * Whether it is an error if the authorization server grants a Bearer token (RFC 9449 §5). With `false` that token is
   * used.
   * @default true
   */
  readonly requireBinding?: boolean | undefined;
}

/**
 * Binds tokens to a key, so that a stolen token cannot be used without it. Made by {@link dpop}; its members are
 * internal.
 */
export interface Dpop {
  /** @internal */
  readonly [brand]: 'Dpop';
}

declare const brand: unique symbol;

/** The members of a {@link Dpop}. */
export interface DpopKey {
  readonly requireBinding: boolean;
  /** The DPoP key. Each call returns the same pair or signer. */
  binding(): Promise<DpopBinding>;
  /** SHA-256 digest of the public key. */
  thumbprint(): Promise<string>;
}

/**
 * Binds tokens to a key by Demonstrating Proof of Possession (DPoP). The adapters send a proof with each request.
 * @throws {ConfigurationError} if an option is unknown, or the keys or the signer cannot sign DPoP proofs
 * @see [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)
 * @example
 * ```ts
 * import { dpop, tokenServiceFromEnvironment } from 'm2m-tokens';
 *
 * const tokens = tokenServiceFromEnvironment({ dpop: dpop() });
 * ```
 */
export function dpop(options: DpopOptions = {}): Dpop {
  checkOptions('dpop', options, { keyPair: anyObject, signer: objectWith('sign'), requireBinding: anyBoolean });
  const { keyPair: given, signer, requireBinding = true } = options;
  if (given !== undefined) checkKeyPair(given);
  const signersKey = signer && checkDpopSigner(options, signer);
  let generated: Promise<DpopKeyPair> | undefined;

  const keyPair = async (): Promise<DpopKeyPair> => given ?? (generated ??= randomDPoPKeyPair('ES256'));

  const key: DpopKey = {
    requireBinding,
    binding: async () => (signer === undefined ? { keyPair: await keyPair() } : { signer }),
    thumbprint: async () => thumbprintOfKey(signersKey ?? KeyObject.from((await keyPair()).publicKey)),
  };
  return key as unknown as Dpop;
}

/** The members of the option `dpop`. */
export const dpopKeyOf = (option: Dpop): DpopKey => option as unknown as DpopKey;

function checkDpopSigner({ keyPair }: DpopOptions, signer: Signer): KeyObject {
  if (keyPair !== undefined) throw new ConfigurationError('dpop takes either "keyPair" or "signer", not both');
  const publicKey = checkSigner('dpop', signer);
  if (publicKey !== undefined) return publicKey;
  throw new ConfigurationError('the "signer" of dpop needs its "publicKey", which each proof contains (RFC 9449 §4.2)');
}

function checkKeyPair({ privateKey, publicKey }: DpopKeyPair): void {
  const isPair =
    isCryptoKey(privateKey) &&
    privateKey.type === 'private' &&
    privateKey.usages.includes('sign') &&
    isCryptoKey(publicKey) &&
    publicKey.type === 'public' &&
    publicKey.extractable &&
    [privateKey, publicKey].every(({ algorithm }) => signsProofs(algorithm));
  if (!isPair) {
    throw new ConfigurationError(
      '"keyPair" of dpop must hold a "privateKey" that may sign and an extractable "publicKey", both CryptoKeys for ECDSA with ' +
        'P-256, Ed25519, or RSA of at least 2048 bits with SHA-256',
    );
  }
}

/** The algorithm of a CryptoKey of any kind. */
interface KeyAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: { readonly name: string };
  readonly modulusLength?: number;
}

// The algorithms that both openid-client and the dpop package support.
function signsProofs({ name, namedCurve, hash: digest, modulusLength = 0 }: KeyAlgorithm): boolean {
  if (name === 'RSA-PSS' || name === 'RSASSA-PKCS1-v1_5') return digest?.name === 'SHA-256' && modulusLength >= 2048;
  return name === 'Ed25519' || (name === 'ECDSA' && namedCurve === 'P-256');
}
