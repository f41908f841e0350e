import { hash, type KeyObject, X509Certificate } from 'node:crypto';

import { ConfigurationError } from '../core/errors.js';
import { thumbprintOfKey } from '../core/public-key.js';

/** How the header of an assertion names the certificate (RFC 7515 §4.1.6 to §4.1.8). */
export type CertificateHeader = 'x5t#S256' | 'x5t' | 'x5c';

/** The certificate of the key of client assertions. */
export interface AssertionCertificate {
  /** The member of the header that names the certificate. */
  readonly header: Readonly<Record<string, string | readonly string[]>>;
  /** Its SHA-256 thumbprint, as in `x5t#S256`. */
  readonly thumbprint: string;
  /** The end of its validity, in milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly publicKey: KeyObject;
}

/**
 * Reads the certificate of a key from PEM. Further certificates are its chain, which `x5c` includes.
 * @throws {ConfigurationError} if it is malformed
 */
export function assertionCertificate(pem: string, form: CertificateHeader): AssertionCertificate {
  const [certificate, ...chain] = parseCertificates(pem);
  const { raw, validTo, publicKey } = certificate;
  const forms = {
    'x5t#S256': () => hash('sha256', raw, 'base64url'),
    // Not a matter of security: the thumbprint only selects one of the registered certificates.
    x5t: () => hash('sha1', raw, 'base64url'),
    x5c: () => [certificate, ...chain].map((each) => each.raw.toString('base64')),
  };
  return {
    header: { [form]: forms[form]() },
    thumbprint: hash('sha256', raw, 'base64url'),
    expiresAt: Date.parse(validTo),
    publicKey,
  };
}

/** @throws {ConfigurationError} if the public key with this thumbprint is not that of the certificate */
export function checkOwner({ publicKey }: AssertionCertificate, thumbprint: string, owner: string): void {
  if (thumbprintOfKey(publicKey) === thumbprint) return;
  throw new ConfigurationError(
    `${owner} does not belong to the certificate; in a chain, the certificate of the key comes first`,
  );
}

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function parseCertificates(pem: string): readonly [X509Certificate, ...X509Certificate[]] {
  try {
    // In an environment variable, newlines are often written as the two characters \n.
    const blocks = pem.replaceAll(String.raw`\n`, '\n').match(block) ?? [];
    const [first, ...chain] = blocks.map((each) => new X509Certificate(each));
    if (first !== undefined) return [first, ...chain];
  } catch {
    // The messages of OpenSSL do not state the reason.
  }
  throw new ConfigurationError('the certificate of the assertion is not a certificate in PEM');
}
