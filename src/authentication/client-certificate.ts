import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';

import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';
import { importPrivateKey } from './private-key.js';
import { resolveSecret, type Secret } from './secret.js';

/** A certificate and its key, each in PEM or a function that returns it and is called for each grant. */
export interface ClientCertificateOptions {
  /** The certificate of the client, followed by those that lead from it to a trusted one. */
  readonly certificate: Secret;
  /** Its private key, not encrypted. */
  readonly key: Secret;
  /** The certificates of a private authority, in PEM, that are trusted instead of those that Node trusts. */
  readonly ca?: string | readonly string[] | undefined;
}

/** A client certificate that is ready to be presented. */
export interface ClientCertificate {
  readonly secureContext: SecureContext;
  /** SHA-256 of the certificate, as `x5t#S256` has it (RFC 8705 §3.1). */
  readonly thumbprint: string;
  readonly subject: string;
}

/**
 * The certificate as it is now.
 * @throws {GrantUnavailableError} when it cannot be read, or what was read does not fit together
 */
export async function loadCertificate(options: ClientCertificateOptions): Promise<ClientCertificate> {
  const [certificate, key] = await Promise.all([
    resolveSecret(options.certificate, 'the client certificate'),
    resolveSecret(options.key, 'the private key'),
  ]);
  try {
    return clientCertificate(certificate, key, options.ca);
  } catch (cause) {
    // The two may have been read while they were replaced.
    throw new GrantUnavailableError((cause as Error).message);
  }
}

/** @throws {ConfigurationError} when one is malformed, or they do not belong together */
export function clientCertificate(
  certificate: string,
  key: string,
  ca: ClientCertificateOptions['ca'],
): ClientCertificate {
  const { key: privateKey } = importPrivateKey(key);
  const parsed = parseCertificate(certificate);
  if (!parsed.checkPrivateKey(privateKey as KeyObject)) {
    throw new ConfigurationError('the private key does not belong to the client certificate');
  }
  // Not on import: see mutual-tls.ts.
  const tls = process.getBuiltinModule('node:tls');
  return {
    secureContext: tls.createSecureContext({
      cert: certificate,
      key: (privateKey as KeyObject).export({ type: 'pkcs8', format: 'pem' }),
      ...(ca !== undefined && { ca: [ca].flat() }),
      // FAPI 2.0 Security Profile §5.2.1
      minVersion: 'TLSv1.2',
    }),
    thumbprint: hash('sha256', parsed.raw, 'base64url'),
    subject: parsed.subject.replaceAll('\n', ', '),
  };
}

function parseCertificate(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new ConfigurationError('the client certificate is no certificate in PEM');
  }
}
