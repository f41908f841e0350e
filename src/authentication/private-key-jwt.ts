import { checkOptions, nonEmptyString, objectWith, oneOf, stringOrFunction } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { type Signer, signingAlgorithms } from '../core/signer.js';
import type { CertificateHeader } from './assertion-certificate.js';
import { type AssertionKey, assertionKeySource } from './assertion-key.js';
import { assertionChecks, clientAssertion, type ClientAssertionOptions } from './client-assertion.js';
import { asClientAuthentication, type ClientAuthentication, type PreparedCredential } from './client-authentication.js';
import type { PrivateKey } from './private-key.js';
import { checkAlgorithm, signingAlgorithm } from './signing-algorithm.js';
import { supportedMethod } from './supported-method.js';

/** Options of {@link privateKeyJwt}: either `key` or `signer`. */
export interface PrivateKeyJwtOptions extends ClientAssertionOptions {
  /** The key, or a function that returns it, such as `fromFile(path)`. The function is called for each grant. */
  readonly key?: PrivateKey | (() => PrivateKey | Promise<PrivateKey>) | undefined;
  /**
   * Signs with a key that never leaves its place, such as a key management service, in place of `key`. It has its own
   * `keyId` and `algorithm`.
   */
  readonly signer?: Signer | undefined;
  /** The `kid` of the registered public key. @default the `kid` of a JWK, which changes with the key */
  readonly keyId?: string | undefined;
  /**
   * A JWS algorithm that fits the key.
   * @default the preferred algorithm among those in the metadata; without a list there, RS256 for an RSA key
   */
  readonly algorithm?: string | undefined;
  /**
   * The certificate of the key in PEM, or a function that returns it, such as `fromFile(path)`, and is called for each
   * grant. It may be followed by its chain. Servers that register certificates require it, such as Entra ID. Events,
   * metrics and `stats()` show when it expires.
   * @default none
   */
  readonly certificate?: string | (() => string | Promise<string>) | undefined;
  /**
   * The member of the header that names the certificate (RFC 7515 §4.1): its thumbprint with SHA-256 (`x5t#S256`) or
   * SHA-1 (`x5t`), or the certificate with its chain (`x5c`). AD FS requires `x5t`. A server that trusts an authority
   * and a subject instead of one certificate requires `x5c`.
   * @default 'x5t#S256', which is short and does not depend on SHA-1
   */
  readonly certificateHeader?: CertificateHeader | undefined;
}

/**
 * Authenticates with an assertion that a private key signs, a new one for each token request: `private_key_jwt`. If a
 * remote signer fails, is late or returns no valid signature, the grant fails with `GrantUnavailableError`, and no
 * token request is sent.
 * @throws {ConfigurationError} if the key cannot be imported, or does not fit the algorithm or the certificate
 * @see [RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)
 * @example
 * ```ts
 * import { createTokenService, fromFile, privateKeyJwt } from 'm2m-tokens';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientAuthentication: privateKeyJwt({ key: fromFile('/run/secrets/client.pem') }),
 * });
 * ```
 */
export function privateKeyJwt(options: PrivateKeyJwtOptions): ClientAuthentication {
  checkOptions('privateKeyJwt', options, {
    ...assertionChecks,
    key: keyOrFunction,
    signer: objectWith('sign'),
    keyId: nonEmptyString,
    algorithm: oneOf(...signingAlgorithms),
    certificate: stringOrFunction,
    certificateHeader: oneOf('x5t#S256', 'x5t', 'x5c'),
  });
  checkCombination(options);
  const { algorithm } = options;
  const source = assertionKeySource(options);
  if (source.fixed !== undefined) checkAlgorithm({ fitting: source.fixed.algorithms, algorithm });

  const method = 'private_key_jwt';
  return asClientAuthentication({
    method,
    async fingerprint() {
      if (source.isFixed) return '';
      const key = await source.load().catch(() => undefined);
      return key === undefined ? '' : fingerprintOfKey(key);
    },
    async prepare(clientId, server, context) {
      const supported = supportedMethod(server, method);
      const key = await source.load();
      const { means, algorithms: fitting, keyId } = key;
      return clientAssertion({
        method: supported,
        clientId,
        server,
        context,
        options,
        means,
        algorithm: signingAlgorithm(server, { fitting, algorithm, profile: context?.profile }),
        keyId: options.keyId ?? keyId,
        certificate: key.certificate,
        fingerprint: fingerprintOfKey(key),
        credentials: credentialsOf(key),
      });
    },
  });
}

function checkCombination(options: PrivateKeyJwtOptions): void {
  const { key, signer, certificate, certificateHeader } = options;
  if (key === undefined && signer === undefined)
    throw new ConfigurationError('privateKeyJwt needs a "key" or a "signer"');
  if (signer !== undefined) {
    const other = (['key', 'keyId', 'algorithm'] as const).find((name) => options[name] !== undefined);
    if (other === 'key') throw new ConfigurationError('privateKeyJwt takes either "key" or "signer", not both');
    if (other !== undefined) {
      throw new ConfigurationError(`"${other}" of privateKeyJwt is for a "key": the "signer" has its own "${other}"`);
    }
  }
  if (certificateHeader !== undefined && certificate === undefined) {
    throw new ConfigurationError('"certificateHeader" of privateKeyJwt needs a "certificate"');
  }
}

const fingerprintOfKey = ({ thumbprint, certificate }: AssertionKey): string =>
  certificate === undefined ? thumbprint : `${thumbprint} ${certificate.thumbprint}`;

function credentialsOf({ thumbprint, certificate }: AssertionKey): readonly PreparedCredential[] {
  const key: PreparedCredential = { facts: { credential: 'key', expiresAt: undefined }, fingerprint: thumbprint };
  if (certificate === undefined) return [key];
  const { expiresAt } = certificate;
  return [{ facts: { credential: 'certificate', expiresAt }, fingerprint: certificate.thumbprint }, key];
}

const keyOrFunction = (value: unknown): string | undefined =>
  ['string', 'function', 'object'].includes(typeof value) && value !== null && value !== ''
    ? undefined
    : 'a PEM text, a JWK, a KeyObject, a CryptoKey or a function';
