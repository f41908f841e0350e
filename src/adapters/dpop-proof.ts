import { generateProof } from 'dpop';

import type { AccessToken } from '../core/access-token.js';
import { ConfigurationError } from '../core/errors.js';

/** The members of a request that a proof covers. */
export interface ProvenRequest {
  readonly method: string;
  readonly origin: string;
  /** Absolute. A proof excludes the query and the fragment. */
  readonly url: string;
}

/** Makes the proofs of possession for the requests of one adapter (RFC 9449 §4). */
export interface DpopProofs {
  /**
   * A proof for one send of a request, with the latest nonce of the resource server. Each send needs a new one (RFC 9449 §7.3).
   * @throws {ConfigurationError} when the token has no key pair
   */
  prove(token: AccessToken, request: ProvenRequest): Promise<string>;
  /** Stores the nonce of a response, if it has one, for the next proof to that origin (RFC 9449 §8.2 and §9). */
  remember(origin: string, nonce: string | undefined): void;
}

/** Makes proofs of possession. Stores one nonce for each origin. */
export function dpopProofs(): DpopProofs {
  const nonces = new Map<string, string>();

  return {
    async prove({ value, keyPair }, { method, origin, url }) {
      if (keyPair === undefined) {
        throw new ConfigurationError('a token of type DPoP cannot be sent without the "keyPair" that it is bound to');
      }
      const target = origin + new URL(url).pathname;
      return generateProof(keyPair, target, method.toUpperCase(), nonces.get(origin), value);
    },
    remember(origin, nonce) {
      if (nonce) nonces.set(origin, nonce);
    },
  };
}
