import type { ServerMetadata } from 'openid-client';

import { cleanIssuer, cleanList } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';

/** The criteria for a signing algorithm. */
export interface SigningAlgorithmChoice {
  /** The algorithms that the key can sign with, in order of preference. */
  readonly fitting: readonly string[];
  /** The algorithm that the user has chosen. */
  readonly algorithm?: string | undefined;
  readonly profile?: 'fapi2' | undefined;
}

/**
 * Chooses the algorithm of a client assertion: the first one that the key and the metadata have in common (RFC 8414 §2).
 * Without a list in the metadata it is RS256, which servers should support, if the key can sign with it.
 * @throws {ConfigurationError} if there is none. The message lists the algorithms that the server supports.
 */
export function signingAlgorithm(server: ServerMetadata, choice: SigningAlgorithmChoice): string {
  const candidates = checkAlgorithm(choice);
  const supported = server.token_endpoint_auth_signing_alg_values_supported;
  if (!Array.isArray(supported)) {
    return candidates.find((each) => each === 'RS256') ?? (candidates[0] as string);
  }
  const common = candidates.find((each) => supported.includes(each));
  if (common !== undefined) return common;
  throw new ConfigurationError(
    `${cleanIssuer(server.issuer)} does not accept client assertions signed with ${candidates.join(' or ')}; it supports ` +
      `${cleanList(supported) || 'no algorithm'}: choose one of these, and a key that fits it`,
  );
}

// FAPI 2.0 Security Profile §5.4.1
const fapi2Algorithms = new Set(['PS256', 'ES256', 'EdDSA', 'Ed25519']);

/**
 * The algorithms that the key, the user's choice and the profile allow.
 * @throws {ConfigurationError} if there is none
 */
export function checkAlgorithm({ fitting, algorithm, profile }: SigningAlgorithmChoice): readonly string[] {
  const allowed = profile === 'fapi2' ? fitting.filter((each) => fapi2Algorithms.has(each)) : fitting;
  const candidates = algorithm === undefined ? allowed : allowed.filter((each) => each === algorithm);
  if (candidates.length > 0) return candidates;
  if (allowed.length > 0) {
    const andProfile = profile === 'fapi2' ? ' and the profile "fapi2"' : '';
    throw new ConfigurationError(
      `"algorithm" must be ${allowed.join(' or ')} for this key${andProfile}, not "${algorithm}"`,
    );
  }
  throw new ConfigurationError(
    `the profile "fapi2" allows PS256, ES256 and EdDSA only; the key signs with ${fitting.join(' or ')}`,
  );
}
