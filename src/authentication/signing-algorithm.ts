import type { ServerMetadata } from 'openid-client';

import { ConfigurationError } from '../core/errors.js';

/** What a signing algorithm is chosen by. */
export interface SigningAlgorithmChoice {
  /** What the key can sign with, the best first. */
  readonly fitting: readonly string[];
  /** What was asked for. */
  readonly algorithm?: string | undefined;
  readonly profile?: 'fapi2' | undefined;
}

/**
 * The algorithm that an assertion is signed with: the best one that the key and the metadata have in common (RFC 8414 §2).
 * Without metadata RS256, which servers should support, or what the key is made for.
 * @throws {ConfigurationError} that lists what the authorization server supports, when there is none
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
    `${server.issuer} takes no client assertion signed with ${candidates.join(' or ')}; it supports ` +
      `${supported.join(', ') || 'no algorithm'}: choose one of these, and a key that fits it`,
  );
}

// FAPI 2.0 Security Profile §5.4.1
const strong = new Set(['PS256', 'ES256', 'EdDSA', 'Ed25519']);

/**
 * The algorithms that are left to choose from.
 * @throws {ConfigurationError} when the key cannot sign with what was asked for, or the profile does not allow it
 */
export function checkAlgorithm({ fitting, algorithm, profile }: SigningAlgorithmChoice): readonly string[] {
  const allowed = profile === 'fapi2' ? fitting.filter((each) => strong.has(each)) : fitting;
  const candidates = algorithm === undefined ? allowed : allowed.filter((each) => each === algorithm);
  if (candidates.length > 0) return candidates;
  if (allowed.length > 0) {
    const ruled = profile === 'fapi2' ? ' and the profile "fapi2"' : '';
    throw new ConfigurationError(
      `"algorithm" must be ${allowed.join(' or ')} for this key${ruled}, not "${algorithm}"`,
    );
  }
  throw new ConfigurationError(
    `the profile "fapi2" allows PS256, ES256 and EdDSA only; the key signs with ${fitting.join(' or ')}`,
  );
}
