import { checkOptions, nonEmptyString, oneOf } from '../core/check-options.js';
import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';
import { assertionChecks, clientAssertion, type ClientAssertionOptions } from './client-assertion.js';
import { asClientAuthentication, type ClientAuthentication } from './client-authentication.js';
import { importPrivateKey, type PrivateKey, type SigningKey } from './private-key.js';
import { readSource } from './secret.js';
import { checkAlgorithm, signingAlgorithm } from './signing-algorithm.js';
import { supportedMethod } from './supported-method.js';

/** Options of {@link privateKeyJwt}. */
export interface PrivateKeyJwtOptions extends ClientAssertionOptions {
  /** The key, or a function that returns it, such as `fromFile(path)`. The function is called for each grant. */
  readonly key: PrivateKey | (() => PrivateKey | Promise<PrivateKey>);
  /** The `kid` of the registered public key. @default the `kid` of a JWK, which changes with the key */
  readonly keyId?: string | undefined;
  /**
   * A JWS algorithm that fits the key.
   * @default the preferred algorithm among those in the metadata; without a list there, RS256 for an RSA key
   */
  readonly algorithm?: string | undefined;
}

const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/**
 * Authenticates with an assertion that a private key signs, a new one for each token request: `private_key_jwt`.
 * @throws {ConfigurationError} if the key cannot be imported or does not fit the algorithm
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
    keyId: nonEmptyString,
    algorithm: oneOf(...algorithms),
  });
  const { key: source, algorithm } = options;
  if (source === undefined) throw new ConfigurationError('privateKeyJwt needs a "key"');
  const fixed = typeof source === 'function' ? undefined : importPrivateKey(source);
  if (fixed !== undefined) checkAlgorithm({ fitting: fixed.algorithms, algorithm });

  async function load(): Promise<SigningKey> {
    if (fixed !== undefined) return fixed;
    const read = await readSource(source, 'the private key');
    try {
      return importPrivateKey(read);
    } catch (cause) {
      // The file may have been read while it was being written.
      throw new GrantUnavailableError((cause as Error).message);
    }
  }

  const method = 'private_key_jwt';
  return asClientAuthentication({
    method,
    async fingerprint() {
      if (fixed !== undefined) return '';
      const key = await load().catch(() => undefined);
      return key?.thumbprint ?? '';
    },
    async prepare(clientId, server, context) {
      const supported = supportedMethod(server, method);
      const { key, algorithms: fitting, keyId, thumbprint } = await load();
      return clientAssertion({
        method: supported,
        clientId,
        server,
        context,
        options,
        key,
        algorithm: signingAlgorithm(server, { fitting, algorithm, profile: context?.profile }),
        keyId: options.keyId ?? keyId,
        fingerprint: thumbprint,
        credential: { credential: 'key', expiresAt: undefined },
      });
    },
  });
}

const keyOrFunction = (value: unknown): string | undefined =>
  ['string', 'function', 'object'].includes(typeof value) && value !== null && value !== ''
    ? undefined
    : 'a PEM text, a JWK, a KeyObject, a CryptoKey or a function';
