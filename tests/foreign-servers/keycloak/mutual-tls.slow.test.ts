import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';

import { mutualTls } from '../../../src/authentication/mutual-tls.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { failureOf } from '../../support/grant-outcome.js';
import { describeWithKeycloak, type KeycloakRealm, makeRealm } from './realm.js';

describeWithKeycloak()('Keycloak with a client certificate', () => {
  let realm: KeycloakRealm;
  beforeAll(async () => {
    realm = await makeRealm([]);
    await realm.addCertificateClient('orders', 'CN=orders');
  });
  afterAll(() => realm.remove());

  /** A service with the certificate `client` or `other`. */
  async function serviceWith(name: 'client' | 'other') {
    const folder = process.env['KEYCLOAK_CERTIFICATES'] ?? '';
    const read = (file: string) => readFile(join(folder, file), 'utf8');
    const [certificate, key, ca] = await Promise.all([read(`${name}.pem`), read(`${name}.key`), read('ca.pem')]);
    const tokens = createTokenService({
      issuer: realm.secureIssuer,
      clientId: 'orders',
      clientAuthentication: mutualTls({ certificate, key, ca }),
      retry: { retries: 0 },
    });
    const thumbprint = new X509Certificate(certificate).fingerprint256.replaceAll(':', '');
    return { tokens, thumbprint: Buffer.from(thumbprint, 'hex').toString('base64url') };
  }

  test('grants a token that is bound to the certificate, and revokes it', async () => {
    const { tokens, thumbprint } = await serviceWith('client');

    const { value } = await tokens.getToken();

    expect(decodeJwt(value)).toMatchObject({ azp: 'orders', cnf: { 'x5t#S256': thumbprint } });
    expect(await tokens.revoke()).toBe(true);
  });

  test('rejects the certificate of another subject', async () => {
    const { tokens } = await serviceWith('other');

    const failure = await failureOf(tokens.getToken());

    expect(failure).toMatchObject({ code: 'ERR_GRANT_REJECTED' });
  });
});
