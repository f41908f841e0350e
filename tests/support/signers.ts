import { constants, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';

import type { Signer } from '../../src/core/signer.js';

const generate = promisify(generateKeyPair) as unknown as (
  type: string,
  options: object,
) => Promise<{ privateKey: KeyObject; publicKey: KeyObject }>;

const rsa = ['rsa', { modulusLength: 2_048 }] as const;
const ec = (namedCurve: string) => ['ec', { namedCurve }] as const;
const kinds = {
  RS256: rsa,
  PS256: rsa,
  PS384: rsa,
  ES256: ec('P-256'),
  ES384: ec('P-384'),
  ES512: ec('P-521'),
  EdDSA: ['ed25519', {}],
  Ed25519: ['ed25519', {}],
} as const;

/** A JWS algorithm of {@link testSigner}. */
export type SignerAlgorithm = keyof typeof kinds;

/** A signer for tests, which stands for a key management service, and its key. */
export interface TestSigner extends Signer {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** The data of each call. */
  readonly signed: readonly Uint8Array[];
}

/** Signs as a key management service does. ECDSA signatures are in DER, or r and s one after the other. */
export function signBytes(
  data: Uint8Array,
  { key, algorithm, form = 'der' }: { key: KeyObject; algorithm: string; form?: 'der' | 'ieee-p1363' },
): Uint8Array {
  const digest = algorithm.startsWith('Ed') ? null : `sha${algorithm.slice(2)}`;
  const padding = algorithm.startsWith('PS') && {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  return sign(digest, data, { key, dsaEncoding: form, ...padding });
}

/** Makes a signer with a new key. */
export async function testSigner(
  algorithm: SignerAlgorithm = 'ES256',
  form: 'der' | 'ieee-p1363' = 'der',
): Promise<TestSigner> {
  const [type, options] = kinds[algorithm];
  const { privateKey } = await generate(type, options);
  const signed: Uint8Array[] = [];
  return {
    algorithm,
    keyId: 'orders-2026',
    publicKey: createPublicKey(privateKey),
    privateKey,
    signed,
    async sign(data) {
      signed.push(data);
      return signBytes(data, { key: privateKey, algorithm, form });
    },
  };
}
