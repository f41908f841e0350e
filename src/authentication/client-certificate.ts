import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';

import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';
import { importPrivateKey } from './private-key.js';
import { resolveText } from './secret.js';

/** A certificate and its key, each in PEM or as a function that returns PEM and is called for each grant. */
export interface ClientCertificateOptions {
  /** The certificate of the client, followed by the chain to a trusted certificate. */
  readonly certificate: string | (() => string | Promise<string>);
  /** Its private key, not encrypted. */
  readonly key: string | (() => string | Promise<string>);
  /** The certificates of a private CA, in PEM. They replace those that Node.js trusts. */
  readonly ca?: string | readonly string[] | undefined;
}

/** A client certificate, ready for use in connections. */
export interface ClientCertificate {
  readonly secureContext: SecureContext;
  /** SHA-256 thumbprint of the certificate, as in `x5t#S256` (RFC 8705 §3.1). */
  readonly thumbprint: string;
  readonly subject: string;
  /** The end of its validity, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Reads the current certificate and key.
 * @throws {GrantUnavailableError} if they cannot be read or do not belong together
 */
export async function loadCertificate(options: ClientCertificateOptions): Promise<ClientCertificate> {
  const [certificate, key] = await Promise.all([
    resolveText(options.certificate, 'the client certificate'),
    resolveText(options.key, 'the private key'),
  ]);
  try {
    return clientCertificate(certificate, key, options.ca);
  } catch (cause) {
    // The files may have been read while they were being replaced.
    throw new GrantUnavailableError((cause as Error).message);
  }
}

/** @throws {ConfigurationError} if certificate or key is malformed, or they do not belong together */
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
  // Loaded on demand: only mutual TLS needs it.
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
    expiresAt: Date.parse(parsed.validTo),
  };
}

function parseCertificate(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new ConfigurationError('the client certificate is not a certificate in PEM');
  }
}
