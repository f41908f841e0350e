import { createPublicKey, hash, type JsonWebKey, KeyObject, type webcrypto } from 'node:crypto';
import { types } from 'node:util';

import { ConfigurationError } from './errors.js';

/** A public key: PEM (SPKI or PKCS#1), a JWK as an object, or a key of `node:crypto`. */
export type PublicKey = string | webcrypto.JsonWebKey | KeyObject | webcrypto.CryptoKey;

/**
 * Imports a public key; `owner` names it in messages.
 * @throws {ConfigurationError} if it is not a public key
 */
export function importPublicKey(input: PublicKey, owner: string): KeyObject {
  const key = toKeyObject(input);
  if (key === undefined) throw new ConfigurationError(`${owner} must be a public key: PEM, a JWK, or a key object`);
  return key;
}

// A private key beside a remote signer is a mistake, and its public part alone would hide that.
function toKeyObject(input: PublicKey): KeyObject | undefined {
  try {
    const found = types.isCryptoKey(input) ? KeyObject.from(input) : input;
    if (types.isKeyObject(found)) return found.type === 'public' ? found : undefined;
    if (typeof found === 'string') return /PRIVATE KEY/.test(found) ? undefined : createPublicKey(found);
    return 'd' in found ? undefined : createPublicKey({ key: found as JsonWebKey, format: 'jwk' });
  } catch {
    // The messages of OpenSSL do not state the reason.
    return undefined;
  }
}

/** SHA-256 digest of a public key. */
export const thumbprintOfKey = (key: KeyObject): string =>
  hash('sha256', key.export({ type: 'spki', format: 'der' }), 'base64url');

const curves: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/**
 * The JWS algorithms that a key can be used with, in order of preference.
 * @throws {ConfigurationError} if it is too short, or there is none
 */
export function algorithmsOf(key: KeyObject): readonly string[] {
  const { type: part, asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === 'rsa') {
    if ((details.modulusLength ?? 0) >= 2_048) return ['PS256', 'RS256', 'PS384', 'RS384', 'PS512', 'RS512'];
    throw new ConfigurationError(`an RSA key needs at least 2048 bits (RFC 7518 §3.3), not ${details.modulusLength}`);
  }
  if (type === 'ed25519') return ['EdDSA', 'Ed25519'];
  const algorithm = curves[details.namedCurve ?? ''];
  if (algorithm !== undefined) return [algorithm];
  const kind = [type, details.namedCurve].filter(Boolean).join(' ');
  throw new ConfigurationError(
    `a ${part} key of the type ${kind} cannot sign client assertions; use RSA, EC (P-256) or Ed25519`,
  );
}
