import { hash, type KeyObject, type webcrypto } from 'node:crypto';

import { GrantUnavailableError } from '../core/errors.js';
import { thumbprintOfKey } from '../core/public-key.js';
import { checkFit, checkSigner, type Signer } from '../core/signer.js';
import {
  type AssertionCertificate,
  assertionCertificate,
  type CertificateHeader,
  checkOwner,
} from './assertion-certificate.js';
import { importPrivateKey, type PrivateKey } from './private-key.js';
import { readSource, resolveText } from './secret.js';

/** Where the key of client assertions comes from: a private key or a remote signer. */
export interface AssertionKeyOptions {
  readonly key?: PrivateKey | (() => PrivateKey | Promise<PrivateKey>) | undefined;
  readonly signer?: Signer | undefined;
  readonly certificate?: string | (() => string | Promise<string>) | undefined;
  readonly certificateHeader?: CertificateHeader | undefined;
}

/** A private key, or a remote signer and the public key that verifies its signatures. */
export type SigningMeans =
  | { readonly key: KeyObject | webcrypto.CryptoKey }
  | { readonly signer: Signer; readonly publicKey: KeyObject | undefined };

/** The current key of client assertions. */
export interface AssertionKey {
  readonly means: SigningMeans;
  /** The JWS algorithms that it can sign with, in order of preference. */
  readonly algorithms: readonly string[];
  readonly keyId: string | undefined;
  /** A digest that changes with the key. */
  readonly thumbprint: string;
  readonly certificate: AssertionCertificate | undefined;
}

/** Reads the current key of client assertions, and its certificate. */
export interface AssertionKeySource {
  /** Whether both never change. */
  readonly isFixed: boolean;
  /** The key, if it never changes. */
  readonly fixed: Omit<AssertionKey, 'certificate'> | undefined;
  /** @throws {GrantUnavailableError} if one cannot be read, or they do not belong together */
  load(): Promise<AssertionKey>;
}

/**
 * Checks the key and the certificate as far as they are fixed.
 * @throws {ConfigurationError} if one is malformed, or they do not belong together
 */
export function assertionKeySource(options: AssertionKeyOptions): AssertionKeySource {
  const { key: source, signer, certificate: pem, certificateHeader = 'x5t#S256' } = options;
  const fixedKey =
    signer === undefined ? (typeof source === 'function' ? undefined : ofKey(source as PrivateKey)) : ofSigner(signer);
  const fixedCertificate = typeof pem === 'string' ? assertionCertificate(pem, certificateHeader) : undefined;
  const isFixed = fixedKey !== undefined && typeof pem !== 'function';
  const fixed = isFixed ? combined(fixedKey, fixedCertificate) : undefined;

  async function load(): Promise<AssertionKey> {
    if (fixed !== undefined) return fixed;
    const [key, text] = await Promise.all([
      readSource(source, 'the private key'),
      pem === undefined ? undefined : resolveText(pem, 'the certificate of the assertion'),
    ]);
    try {
      const certificate = text === undefined ? undefined : assertionCertificate(text, certificateHeader);
      return combined(fixedKey ?? ofKey(key as PrivateKey), certificate);
    } catch (cause) {
      // The files may have been read while they were being replaced.
      throw new GrantUnavailableError((cause as Error).message);
    }
  }

  return { isFixed, fixed: fixedKey, load };
}

type KeyAlone = Omit<AssertionKey, 'certificate'>;

function ofKey(input: PrivateKey): KeyAlone {
  const { key, algorithms, keyId, thumbprint } = importPrivateKey(input);
  return { means: { key }, algorithms, keyId, thumbprint };
}

function ofSigner(signer: Signer): KeyAlone {
  const publicKey = checkSigner('privateKeyJwt', signer);
  const { algorithm, keyId } = signer;
  const thumbprint =
    publicKey === undefined ? hash('sha256', `${algorithm} ${keyId}`, 'base64url') : thumbprintOfKey(publicKey);
  return { means: { signer, publicKey }, algorithms: [algorithm], keyId, thumbprint };
}

function combined(key: KeyAlone, certificate: AssertionCertificate | undefined): AssertionKey {
  const { means, thumbprint } = key;
  if (certificate === undefined) return { ...key, certificate };
  const isKey = 'key' in means;
  if (isKey || means.publicKey !== undefined) {
    checkOwner(certificate, thumbprint, isKey ? 'the private key' : 'the "publicKey" of the signer');
    return { ...key, certificate };
  }
  const { publicKey } = certificate;
  checkFit(means.signer, publicKey, 'the certificate of the assertion');
  return { ...key, means: { ...means, publicKey }, certificate };
}
