import { describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';

import { jwtBearer } from '../../src/grant/jwt-bearer.js';
import { createTokenService } from '../../src/service/token-service.js';
import { failureOf } from '../support/grant-outcome.js';
import { signingKey } from '../support/signing-keys.js';
import { keyId, signingJwk } from './clients.js';
import type { ForeignServerTests } from './describe-foreign-server.js';

/** The claims of an assertion that the server accepts. */
export interface AcceptedAssertion {
  readonly issuer: string;
  readonly subject: string;
}

/** A server that issues tokens for assertions of another issuer (RFC 7523 §2.1). */
export function jwtBearerContract({ server }: ForeignServerTests, { issuer, subject }: AcceptedAssertion): void {
  describe('the JWT bearer grant', () => {
    const assertion = async (claims: { sub?: string; exp?: number } = {}, key = signingJwk) =>
      new SignJWT({ jti: crypto.randomUUID(), sub: subject, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: keyId })
        .setIssuer(issuer)
        .setAudience(server().tokenEndpoint)
        .setIssuedAt()
        .setExpirationTime(claims.exp ?? '5m')
        .sign(key);

    const serve = (source: () => Promise<string>, fetch = globalThis.fetch) =>
      createTokenService({
        tokenEndpoint: server().tokenEndpoint,
        grant: jwtBearer({ assertion: source }),
        scope: 'orders:read',
        retry: { retries: 0 },
        fetch,
      });

    test('issues a token for an assertion, without client authentication', async () => {
      const { value } = await serve(() => assertion()).getToken();

      expect(await server().introspect(value)).toMatchObject({ active: true, scope: 'orders:read' });
    });

    test.each<[string, () => Promise<string>]>([
      ['an unknown subject', () => assertion({ sub: 'unknown' })],
      ['an expired assertion', () => assertion({ exp: Math.floor(Date.now() / 1_000) - 600 })],
      ['an assertion with another key', async () => assertion({}, (await signingKey('ES256')).privateJwk)],
    ])('rejects %s, which is not sent again', async (_, source) => {
      const rejected = await source();
      let requests = 0;
      const fetch: typeof globalThis.fetch = (...request) => {
        requests += 1;
        return globalThis.fetch(...request);
      };
      const tokens = serve(async () => rejected, fetch);

      const first = await failureOf(tokens.getToken());
      await failureOf(tokens.getToken());

      expect(first).toMatchObject({
        error: 'invalid_grant',
        message: expect.stringContaining('the assertion is rejected: compare its issuer'),
      });
      expect(String(first)).not.toContain(rejected);
      expect(requests).toBe(1);
    });

    test('issues a token after the source has replaced a rejected assertion', async () => {
      const source = async ({ replacing }: { readonly replacing?: string | undefined } = {}) =>
        replacing === undefined ? assertion({ sub: 'unknown' }) : assertion();
      const tokens = createTokenService({
        tokenEndpoint: server().tokenEndpoint,
        grant: jwtBearer({ assertion: source }),
        retry: { retries: 0 },
      });

      expect((await tokens.getToken()).value).toMatch(/^\S+$/);
    });
  });
}
