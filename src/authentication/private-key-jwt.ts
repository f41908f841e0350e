import { checkOptions, nonEmptyString, oneOf } from '../core/check-options.js';
import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';
import { assertionChecks, clientAssertion, type ClientAssertionOptions } from './client-assertion.js';
import type { ClientAuthentication } from './client-secret.js';
import { importPrivateKey, type PrivateKey, type SigningKey } from './private-key.js';
import { readSource } from './secret.js';
import { checkAlgorithm, signingAlgorithm } from './signing-algorithm.js';
import { supportedMethod } from './supported-method.js';

/** Options of {@link privateKeyJwt}. */
export interface PrivateKeyJwtOptions extends ClientAssertionOptions {
  /** The key, or a function that returns it; the function, `keyFile(path)` for one, is called for each grant. */
  readonly key: PrivateKey | (() => PrivateKey | Promise<PrivateKey>);
  /** The `kid` of the registered public key. @default the `kid` of a JWK, which comes along when it is rotated */
  readonly keyId?: string | undefined;
  /** A JWS algorithm that fits the key. @default the best one that the metadata list, or RS256 for an RSA key without such a list */
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
 * Signs an assertion with a private key for each request: `private_key_jwt` (RFC 7523 §2.2, OpenID Connect Core §9).
 * @throws {ConfigurationError} when the key is none, or does not fit the algorithm
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
      // It may have been read while it was written.
      throw new GrantUnavailableError((cause as Error).message);
    }
  }

  const method = 'private_key_jwt';
  return {
    method,
    fingerprint: async () =>
      fixed === undefined
        ? load().then(
            ({ thumbprint }) => thumbprint,
            () => '',
          )
        : '',
    async prepare(clientId, server, circumstances) {
      const supported = supportedMethod(server, method);
      const { key, algorithms: fitting, keyId, thumbprint } = await load();
      return clientAssertion({
        method: supported,
        clientId,
        server,
        circumstances,
        options,
        key,
        algorithm: signingAlgorithm(server, { fitting, algorithm, profile: circumstances?.profile }),
        keyId: options.keyId ?? keyId,
        fingerprint: thumbprint,
      });
    },
  };
}

const keyOrFunction = (value: unknown): string | undefined =>
  ['string', 'function', 'object'].includes(typeof value) && value !== null && value !== ''
    ? undefined
    : 'a PEM text, a JWK, a KeyObject, a CryptoKey or a function';
