import { createPrivateKey, createPublicKey, type JsonWebKey, KeyObject, type webcrypto } from 'node:crypto';
import { types } from 'node:util';

import { ConfigurationError } from '../core/errors.js';
import { parseObject } from '../core/json.js';
import { algorithmsOf, thumbprintOfKey } from '../core/public-key.js';

/** A private key: PEM (PKCS#8, PKCS#1 or SEC 1, not encrypted), a JWK as an object or as JSON, or a key of `node:crypto`. */
export type PrivateKey =
  | string
  | webcrypto.JsonWebKey
  | (webcrypto.JsonWebKey & Readonly<Record<string, unknown>>)
  | KeyObject
  | webcrypto.CryptoKey;

/** An imported private key. */
export interface SigningKey {
  readonly key: KeyObject | webcrypto.CryptoKey;
  /** The JWS algorithms that it can sign with, in order of preference. */
  readonly algorithms: readonly string[];
  /** The `kid` of a JWK. */
  readonly keyId: string | undefined;
  /** SHA-256 digest of its public key. */
  readonly thumbprint: string;
}

/**
 * Imports a private key.
 * @throws {ConfigurationError} if it is not a private key, is encrypted or too short, or cannot sign client assertions
 */
export function importPrivateKey(input: PrivateKey): SigningKey {
  const { key, jwk } = toKeyObject(input);
  const fitting = algorithmsOf(key).filter((each) => !types.isCryptoKey(input) || allows(input, each));
  const algorithms = jwk?.['alg'] === undefined ? fitting : fitting.filter((each) => each === jwk['alg']);
  if (algorithms.length === 0) {
    throw new ConfigurationError(
      `the "alg" or the usages of the private key do not allow signing with ${algorithmsOf(key).join(' or ')}`,
    );
  }
  return {
    key: types.isCryptoKey(input) ? input : key,
    algorithms,
    keyId: typeof jwk?.['kid'] === 'string' ? jwk['kid'] : undefined,
    thumbprint: thumbprintOfKey(createPublicKey(key)),
  };
}

interface Imported {
  readonly key: KeyObject;
  readonly jwk?: Readonly<Record<string, unknown>> | undefined;
}

function toKeyObject(input: PrivateKey): Imported {
  if (types.isKeyObject(input)) return { key: privateOnly(input) };
  if (types.isCryptoKey(input)) return { key: privateOnly(KeyObject.from(input)) };
  const jwk = typeof input === 'string' ? parseObject(input) : (input as Readonly<Record<string, unknown>> | null);
  try {
    if (typeof input === 'string' && jwk === undefined) return { key: createPrivateKey(pem(input)) };
    return { key: createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' }), jwk: jwk ?? undefined };
  } catch {
    // The messages of OpenSSL do not state the reason.
    throw new ConfigurationError(`the private key ${flawOf(input)}`);
  }
}

function privateOnly(key: KeyObject): KeyObject {
  if (key.type === 'private') return key;
  throw new ConfigurationError(`the private key is a ${key.type} key`);
}

// In an environment variable, newlines are often written as the two characters \n.
const pem = (text: string): string => text.replaceAll(String.raw`\n`, '\n');

function flawOf(input: string | object): string {
  if (typeof input !== 'string') return 'is a JWK without a private part or of an unknown type';
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(input)?.[1] ?? '';
  if (label === 'ENCRYPTED PRIVATE KEY' || /Proc-Type: 4,ENCRYPTED/.test(input)) {
    return 'is encrypted; pass it decrypted, or a function that returns createPrivateKey({ key, passphrase })';
  }
  if (/CERTIFICATE|PUBLIC/.test(label)) return `is a ${label.toLowerCase()}`;
  return 'is neither PEM (PKCS#8, PKCS#1 or SEC 1) nor a JWK';
}

// A CryptoKey, unlike other keys, is limited to one algorithm and to certain usages.
function allows({ algorithm, usages }: webcrypto.CryptoKey, name: string): boolean {
  if (!usages.includes('sign')) return false;
  const { hash: digest } = algorithm as Partial<webcrypto.RsaHashedKeyAlgorithm>;
  const bits = digest?.name.slice('SHA-'.length);
  if (algorithm.name === 'RSA-PSS') return name === `PS${bits}`;
  if (algorithm.name === 'RSASSA-PKCS1-v1_5') return name === `RS${bits}`;
  return true;
}
