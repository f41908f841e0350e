import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';

import { federatedAssertion } from '../../../src/authentication/federated-assertion.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { failureOf } from '../../support/grant-outcome.js';
import { startHttpServer } from '../../support/http-server.js';
import { keyId, registeredJwk, signingJwk } from '../clients.js';
import { describeWithKeycloak, type KeycloakRealm, makeRealm } from './realm.js';

const platform = 'https://platform.example';
const subject = 'system:serviceaccount:shop:orders';

describeWithKeycloak()('Keycloak with a federated client', () => {
  let realm: KeycloakRealm;
  beforeAll(async () => {
    realm = await makeRealm([]);
  });
  afterAll(() => realm.remove());

  const assertion = (sub: string) =>
    new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .setIssuer(platform)
      .setSubject(sub)
      .setAudience(realm.issuer)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(signingJwk);

  test('accepts the assertion of an identity provider for the registered subject only', async () => {
    const keys = [{ ...registeredJwk, kid: keyId, alg: 'ES256', use: 'sig' }];
    const { origin, requests } = await startHttpServer(() => ({ body: { keys } }));
    await realm.addFederatedClient('orders', { issuer: platform, subject, jwksUrl: `${origin}/jwks` });
    const serve = (sub: string) =>
      createTokenService({
        issuer: realm.issuer,
        // Keycloak compares "client_id" with the subject, not with the id of the client.
        clientId: sub,
        clientAuthentication: federatedAssertion(() => assertion(sub)),
        retry: { retries: 0 },
      });

    const { value } = await serve(subject).getToken();
    const failure = await failureOf(serve('system:serviceaccount:shop:other').getToken());

    expect(value).toMatch(/^\S+$/);
    expect(failure).toMatchObject({ code: 'ERR_GRANT_REJECTED', error: 'invalid_client' });
    expect(requests.map(({ path }) => path)).toContain('/jwks');
  });
});
