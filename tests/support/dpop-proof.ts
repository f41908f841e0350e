import { hash } from 'node:crypto';

import { calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';

import type { RecordedRequest } from './http-server.js';

/** What a proof says (RFC 9449 §4.2). */
export interface Proof extends JWTPayload {
  readonly jti: string;
  readonly iat: number;
  readonly htm: string;
  readonly htu: string;
  readonly ath?: string;
  readonly nonce?: string;
}

/** A proof that has been verified, and the thumbprint of the key that it proves possession of (RFC 7638). */
export interface VerifiedProof extends Proof {
  readonly jkt: string;
  /** What its header holds, with the names of the members of the key in order. */
  readonly header: { readonly alg: string; readonly typ?: string | undefined; readonly jwk: readonly string[] };
}

/**
 * The proof of a request, verified as RFC 9449 §4.3 wants it, but for its nonce and whether it was used before.
 * @throws what is wrong with it
 */
export async function verifyProof(request: RecordedRequest, origin: string): Promise<VerifiedProof> {
  const { payload, protectedHeader } = await jwtVerify<Proof>(String(request.headers['dpop']), EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: ['ES256', 'Ed25519', 'PS256', 'RS256'],
    maxTokenAge: 60,
    clockTolerance: 1,
    requiredClaims: ['jti', 'iat', 'htm', 'htu'],
  });
  const { alg, typ, jwk = {} } = protectedHeader;
  if (payload.htm !== request.method) throw new Error(`htm is ${payload.htm}`);
  if (payload.htu !== `${origin}${request.path.replace(/\?.*$/, '')}`) throw new Error(`htu is ${payload.htu}`);
  const token = /^DPoP (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (payload.ath !== (token && hashOf(token))) throw new Error(`ath is ${payload.ath}`);
  return { ...payload, jkt: await calculateJwkThumbprint(jwk), header: { alg, typ, jwk: Object.keys(jwk).toSorted() } };
}

/** The hash of an access token in a proof (RFC 9449 §4.2). */
export const hashOf = (token: string): string => hash('sha256', token, 'base64url');
