import { hash, webcrypto } from 'node:crypto';

import { type Configuration, type DPoPHandle, getDPoPHandle, randomDPoPKeyPair } from 'openid-client';

import type { DpopKeyPair } from '../core/access-token.js';
import { anyBoolean, anyObject, checkOptions } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';

/** Options of {@link dpop}. */
export interface DpopOptions {
  /**
   * The keys that tokens are bound to, as `crypto.subtle.generateKey` and `importKey` make them: ECDSA with P-256, Ed25519, or RSA
   * of at least 2048 bits with SHA-256.
   * @default a pair for ES256 of this object's own, made for the first grant; its private key cannot be exported
   */
  readonly keyPair?: DpopKeyPair | undefined;
  /**
   * Whether a server that grants a plain Bearer token all the same is an error (RFC 9449 §5). With `false` that token is used.
   * @default true
   */
  readonly requireBinding?: boolean | undefined;
}

/** Has tokens bound to a key, so that they are of no use to whoever steals them without it. Made by {@link dpop}. */
export interface Dpop {
  readonly requireBinding: boolean;
  /** The keys, always the same. */
  keyPair(): Promise<DpopKeyPair>;
  /** SHA-256 of the public key. */
  thumbprint(): Promise<string>;
  /** What makes the proofs for token endpoints. Always the same, so that the nonce that a server gave last is known. */
  handle(configuration: Configuration): Promise<DPoPHandle>;
}

/**
 * Demonstrating Proof of Possession (RFC 9449): `createTokenService({ …, dpop: dpop() })`.
 * @throws {ConfigurationError} when an option is unknown, or the keys are none that proofs can be signed with
 */
export function dpop(options: DpopOptions = {}): Dpop {
  checkOptions('dpop', options, { keyPair: anyObject, requireBinding: anyBoolean });
  const { keyPair: given, requireBinding = true } = options;
  if (given !== undefined) checkKeyPair(given);
  let made: Promise<DpopKeyPair> | undefined;
  let thumbprint: Promise<string> | undefined;
  let handle: DPoPHandle | undefined;

  const keyPair = async (): Promise<DpopKeyPair> => given ?? (made ??= randomDPoPKeyPair('ES256'));

  return {
    requireBinding,
    keyPair,
    thumbprint: () => (thumbprint ??= keyPair().then(thumbprintOf)),
    async handle(configuration) {
      const keys = await keyPair();
      return (handle ??= getDPoPHandle(configuration, keys));
    },
  };
}

async function thumbprintOf({ publicKey }: DpopKeyPair): Promise<string> {
  return hash('sha256', new Uint8Array(await webcrypto.subtle.exportKey('spki', publicKey)), 'base64url');
}

function checkKeyPair({ privateKey, publicKey }: DpopKeyPair): void {
  const isPair =
    privateKey?.type === 'private' &&
    privateKey.usages.includes('sign') &&
    publicKey?.type === 'public' &&
    publicKey.extractable &&
    [privateKey, publicKey].every(({ algorithm }) => signsProofs(algorithm));
  if (!isPair) {
    throw new ConfigurationError(
      '"keyPair" of dpop must hold a "privateKey" that may sign and an extractable "publicKey", both CryptoKeys for ECDSA with ' +
        'P-256, Ed25519, or RSA of at least 2048 bits with SHA-256',
    );
  }
}

/** What there is to know of the algorithm of a CryptoKey, of whichever kind it is. */
interface KeyAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: { readonly name: string };
  readonly modulusLength?: number;
}

// What both openid-client and the dpop package can sign with.
function signsProofs({ name, namedCurve, hash: digest, modulusLength = 0 }: KeyAlgorithm): boolean {
  if (name === 'RSA-PSS' || name === 'RSASSA-PKCS1-v1_5') return digest?.name === 'SHA-256' && modulusLength >= 2048;
  return name === 'Ed25519' || (name === 'ECDSA' && namedCurve === 'P-256');
}
