import { generateKeyPairSync, hash, randomUUID, sign } from 'node:crypto';

import type { Clock } from '../core/clock.js';
import { parseObject } from '../core/json.js';
import { signedJws } from '../core/signed-jws.js';
import type { ReceivedRequest } from './received-request.js';

/** Options of {@link issuedTokens}. */
export interface IssuedTokensOptions {
  readonly clock: Clock;
  readonly lifetimeSeconds: number;
  readonly format: 'opaque' | 'jwt';
}

/** The tokens of a fake authorization server. */
export interface IssuedTokens {
  /** The public key of the tokens of format `jwt` (RFC 7517 §5). */
  readonly jwks: object;
  /** Issues a token; returns the token response (RFC 6749 §5.1). */
  grant(request: ReceivedRequest, issuer: string): Promise<object>;
  /** The introspection response (RFC 7662 §2.2). */
  introspect(value: string): object;
  revoke(value: string): void;
  revokeAll(): void;
  isActive(value: string): boolean;
}

interface IssuedToken {
  readonly expiresAt: number;
  readonly type: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Issues tokens, and knows which of them are active. */
export function issuedTokens({ clock, lifetimeSeconds, format }: IssuedTokensOptions): IssuedTokens {
  const active = new Map<string, IssuedToken>();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyId = randomUUID();
  const signer = {
    algorithm: 'ES256',
    keyId,
    sign: async (data: Uint8Array) => sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
  let count = 0;

  const current = (value: string): IssuedToken | undefined => {
    const token = active.get(value);
    return token !== undefined && clock.now() < token.expiresAt ? token : undefined;
  };

  return {
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'ES256', use: 'sig' }] },
    async grant({ clientId, parameters, headers }, issuer) {
      count += 1;
      const { dpop: proof } = headers;
      const issuedAt = Math.floor(clock.now() / 1000);
      const { scope, audience, resource, grant_type: grantType = '' } = parameters;
      const claims = {
        iss: issuer,
        sub: clientId,
        client_id: clientId,
        aud: audience ?? resource ?? issuer,
        ...(scope !== undefined && { scope }),
        iat: issuedAt,
        exp: issuedAt + lifetimeSeconds,
        jti: `token-${count}`,
        // RFC 9449 §6.1
        ...(typeof proof === 'string' && { cnf: { jkt: thumbprintOf(proof) } }),
      };
      // RFC 9068 §2.1
      const header = { typ: 'at+jwt', kid: keyId };
      const value = format === 'jwt' ? await signedJws(header, claims, { signer }) : claims.jti;
      const type = proof === undefined ? 'Bearer' : 'DPoP';
      active.set(value, { expiresAt: (issuedAt + lifetimeSeconds) * 1000, type, claims });
      return {
        access_token: value,
        token_type: type,
        expires_in: lifetimeSeconds,
        ...(scope !== undefined && { scope }),
        // RFC 8693 §2.2.1
        ...(grantType.includes('token-exchange') && {
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        }),
      };
    },
    introspect(value) {
      const token = current(value);
      return token === undefined ? { active: false } : { active: true, token_type: token.type, ...token.claims };
    },
    revoke: (value) => void active.delete(value),
    revokeAll: () => active.clear(),
    isActive: (value) => current(value) !== undefined,
  };
}

const requiredMembers: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/** The thumbprint of the key in a DPoP proof (RFC 7638 §3). */
function thumbprintOf(proof: string): string {
  const header = parseObject(Buffer.from(proof.split('.')[0] ?? '', 'base64url').toString());
  const key = Object(header?.['jwk']) as Readonly<Record<string, unknown>>;
  const names = requiredMembers[String(key['kty'])] ?? [];
  return hash('sha256', JSON.stringify(Object.fromEntries(names.map((name) => [name, key[name]]))), 'base64url');
}
