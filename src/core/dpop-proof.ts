import { hash, randomUUID } from 'node:crypto';

import { generateProof } from 'dpop';

import type { AccessToken, DpopKeyPair } from './access-token.js';
import { ConfigurationError } from './errors.js';
import { importPublicKey } from './public-key.js';
import { signedJws } from './signed-jws.js';
import type { Signer } from './signer.js';

/** The key that DPoP tokens are bound to: a pair of keys, or the key of a remote signer. */
export interface DpopBinding {
  readonly keyPair?: DpopKeyPair | undefined;
  readonly signer?: Signer | undefined;
}

/** The members of a request that a proof covers. */
export interface ProvenRequest {
  readonly method: string;
  readonly origin: string;
  /** Absolute. A proof excludes the query and the fragment. */
  readonly url: string;
  /** Ends the wait for a remote signer. */
  readonly signal?: AbortSignal | undefined;
}

/** Makes the proofs of possession for the requests of one adapter, or of one token service (RFC 9449 §4). */
export interface DpopProofs {
  /**
   * A proof for one send of a request, with the latest nonce of the server. Each send needs a new one (RFC 9449 §7.3).
   * A token request has no token yet.
   * @throws {ConfigurationError} when the token has no key
   * @throws {GrantUnavailableError} if the remote signer fails
   */
  prove(token: DpopBinding & Partial<Pick<AccessToken, 'value'>>, request: ProvenRequest): Promise<string>;
  /** Stores the nonce of a response, if it has one, for the next proof to that origin (RFC 9449 §8.2 and §9). */
  remember(origin: string, nonce: string | undefined): void;
}

/** Makes proofs of possession. Stores one nonce for each origin. */
export function dpopProofs(): DpopProofs {
  const nonces = new Map<string, string>();

  return {
    async prove({ value, keyPair, signer }, { method, origin, url, signal }) {
      const target = origin + new URL(url).pathname;
      const request = { htu: target, htm: method.toUpperCase(), nonce: nonces.get(origin) };
      if (signer !== undefined) return signedProof(signer, request, value, signal);
      if (keyPair === undefined) {
        throw new ConfigurationError(
          'a token of type DPoP cannot be sent without the "keyPair" or "signer" that it is bound to',
        );
      }
      return generateProof(keyPair, request.htu, request.htm, request.nonce, value);
    },
    remember(origin, nonce) {
      if (nonce) nonces.set(origin, nonce);
    },
  };
}

/** A proof of a remote signer (RFC 9449 §4.2), with the same members as the others. */
async function signedProof(
  signer: Signer,
  request: { readonly htu: string; readonly htm: string; readonly nonce: string | undefined },
  token: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (signer.publicKey === undefined)
    throw new ConfigurationError('the "signer" of a DPoP token needs its "publicKey"');
  const publicKey = importPublicKey(signer.publicKey, '"publicKey" of the "signer" of a DPoP token');
  const header = { typ: 'dpop+jwt', jwk: publicKey.export({ format: 'jwk' }) };
  const ath = token === undefined ? undefined : hash('sha256', token, 'base64url');
  const claims = { iat: Math.floor(Date.now() / 1_000), jti: randomUUID(), ...request, ath };
  return signedJws(header, claims, { signer, publicKey, signal });
}
