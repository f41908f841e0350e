import { type Configuration, customFetch } from 'openid-client';

import { asksForNonce } from '../../core/challenges.js';
import type { DpopBinding, DpopProofs } from '../../core/dpop-proof.js';
import { readErrorResponse } from '../errors/error-response.js';
import type { BoundedFetch, BoundedResponse } from './bounded-fetch.js';

/** Options of {@link sendProven}. */
export interface SendProvenOptions {
  readonly configuration: Configuration;
  readonly bounded: BoundedFetch;
  readonly proofs: DpopProofs;
  readonly binding: DpopBinding;
  /** Ends the wait for a remote signer. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends a token request with a DPoP proof (RFC 9449 §5). If the server asks for a nonce, sends it once more, with fresh
 * authentication (§8). The DPoP handle of openid-client takes pairs of `CryptoKey`s only.
 */
export async function sendProven<Result>(
  { configuration, bounded, proofs, binding, signal }: SendProvenOptions,
  send: () => Promise<Result>,
): Promise<Result> {
  configuration[customFetch] = async (url, options) => {
    const { origin } = new URL(url);
    const dpop = await proofs.prove(binding, { method: options.method, origin, url, signal });
    const response = await bounded.fetch(url, { ...options, headers: { ...options.headers, dpop } });
    proofs.remember(origin, response.headers.get('dpop-nonce') ?? undefined);
    return response;
  };
  try {
    return await send();
  } catch (error) {
    if (bounded.requests !== 1 || bounded.response === undefined || !requiresNonce(bounded.response)) throw error;
    return send();
  }
}

const requiresNonce = (response: BoundedResponse): boolean =>
  response.status >= 400 &&
  (asksForNonce(response.headers.get('www-authenticate') ?? undefined) ||
    readErrorResponse(response).error === 'use_dpop_nonce');
