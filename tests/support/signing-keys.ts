import { type JsonWebKey, KeyObject, webcrypto } from 'node:crypto';

/** A key pair in several formats. */
export interface TestKey {
  /** PKCS#8, in PEM. */
  readonly pem: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly privateJwk: JsonWebKey;
  readonly publicJwk: JsonWebKey;
  readonly cryptoKey: webcrypto.CryptoKey;
}

const algorithms = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  EdDSA: { name: 'Ed25519' },
  RS256: rsa('RSASSA-PKCS1-v1_5', 'SHA-256'),
  'a short RSA key': rsa('RSASSA-PKCS1-v1_5', 'SHA-256', 1_024),
};

function rsa(name: string, hash: string, modulusLength = 2_048) {
  return { name, hash, modulusLength, publicExponent: new Uint8Array([1, 0, 1]) };
}

/** Makes a key pair for a JWS algorithm. */
export async function signingKey(algorithm: keyof typeof algorithms = 'ES256'): Promise<TestKey> {
  const pair = (await webcrypto.subtle.generateKey(algorithms[algorithm], true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const privateKey = KeyObject.from(pair.privateKey);
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    privateKey,
    publicKey: KeyObject.from(pair.publicKey),
    privateJwk: plain(await webcrypto.subtle.exportKey('jwk', pair.privateKey)),
    publicJwk: plain(await webcrypto.subtle.exportKey('jwk', pair.publicKey)),
    cryptoKey: pair.privateKey,
  };
}

// A key as a server registers it: without the members that limit its use.
function plain({ ext: _ext, key_ops: _operations, alg: _algorithm, ...jwk }: webcrypto.JsonWebKey): JsonWebKey {
  return { ...jwk };
}
