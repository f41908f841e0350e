import { hash } from 'node:crypto';

import { calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';

import type { RecordedRequest } from './http-server.js';

/** The claims of a proof (RFC 9449 §4.2). */
export interface Proof extends JWTPayload {
  readonly jti: string;
  readonly iat: number;
  readonly htm: string;
  readonly htu: string;
  readonly ath?: string;
  readonly nonce?: string;
}

/** A verified proof, and the thumbprint of its key (RFC 7638). */
export interface VerifiedProof extends Proof {
  readonly jkt: string;
  /** Its header; the members of the key are sorted by name. */
  readonly header: { readonly alg: string; readonly typ?: string | undefined; readonly jwk: readonly string[] };
}

/**
 * Verifies the proof of a request (RFC 9449 §4.3), except for its nonce and for replay.
 * @throws {Error} if the proof is invalid; the message gives the reason
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
