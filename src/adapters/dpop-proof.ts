import { generateProof } from 'dpop';

import type { AccessToken } from '../core/access-token.js';
import { ConfigurationError } from '../core/errors.js';

/** What a proof says of a request. */
export interface ProvenRequest {
  readonly method: string;
  readonly origin: string;
  /** Where it goes, absolute. A query and a fragment are left out of the proof. */
  readonly url: string;
}

/** Makes the proofs of possession that the requests of one adapter carry (RFC 9449 §4). */
export interface DpopProofs {
  /**
   * A proof for one send of a request: another one each time (RFC 9449 §7.3), with the nonce that its server gave last.
   * @throws {ConfigurationError} when the token does not have the keys that it is bound to
   */
  prove(token: AccessToken, request: ProvenRequest): Promise<string>;
  /** Takes the nonce of a reply, if it has one, for the next proof to that server (RFC 9449 §8.2 and §9). */
  remember(origin: string, nonce: string | undefined): void;
}

/** Proofs of possession, with the nonces of each server apart. */
export function dpopProofs(): DpopProofs {
  const nonces = new Map<string, string>();

  return {
    async prove({ value, keyPair }, { method, origin, url }) {
      if (keyPair === undefined) {
        throw new ConfigurationError('a token of type DPoP cannot be sent without the "keyPair" that it is bound to');
      }
      return generateProof(keyPair, origin + pathOf(url, origin), method.toUpperCase(), nonces.get(origin), value);
    },
    remember(origin, nonce) {
      if (nonce) nonces.set(origin, nonce);
    },
  };
}

/** The path of a URL as it is sent, percent-encoded and without dot segments. */
function pathOf(url: string, origin: string): string {
  // What is made of ordinary names stays as it is. To parse each URL would be half of what all but the proof costs here.
  const path = url.startsWith(origin) ? ordinaryPath.exec(url.slice(origin.length))?.[0] : undefined;
  return path ?? new URL(url).pathname;
}

const ordinaryPath = /^(?:\/[\w-][\w.~-]*)+\/?(?=[?#]|$)/;
