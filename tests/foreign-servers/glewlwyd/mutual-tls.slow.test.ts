import { X509Certificate } from 'node:crypto';

import { expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';

import { mutualTls } from '../../../src/authentication/mutual-tls.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { clientCertificates } from '../../support/client-certificates.js';
import { failureOf } from '../../support/grant-outcome.js';
import { trustingFetch } from '../../support/grant-tls.js';
import { ca, thumbprints } from '../../support/mutual-tls.js';
import { describeForeignServer } from '../describe-foreign-server.js';
import type { RegisteredClient } from '../foreign-server.js';
import { startGlewlwyd } from './start-glewlwyd.js';

const { first, selfSigned } = clientCertificates;
const { publicKey, raw } = new X509Certificate(selfSigned.certificate);
const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'k1', x5c: [raw.toString('base64')] };

const clients: readonly RegisteredClient[] = [
  {
    client_id: 'tls_client_auth',
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'orders.example.com',
  },
  {
    client_id: 'stock',
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'stock.example.com',
  },
  {
    client_id: 'self_signed_tls_client_auth',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [jwk] },
  },
];

describeForeignServer(
  'glewlwyd with mutual TLS',
  { packages: ['glewlwyd'], start: (all) => startGlewlwyd(all, { usesTls: true }), clients },
  ({ server }) => {
    const serviceFor = (clientId: string, pair: typeof first) =>
      createTokenService({
        issuer: server().issuer,
        clientId,
        clientAuthentication: mutualTls({ ...pair, ca }),
        scope: 'orders:read',
        fetch: trustingFetch,
        retry: { retries: 0 },
      });

    test.each([
      ['tls_client_auth', first, thumbprints.first],
      ['self_signed_tls_client_auth', selfSigned, thumbprints.selfSigned],
    ])(
      'grants and revokes, at its aliases, a token that is bound to the certificate by %s [R-49 R-50 R-51]',
      async (clientId, pair, thumbprint) => {
        const tokens = serviceFor(clientId, pair);

        const token = await tokens.getToken();

        expect(token.certificateThumbprint).toBe(thumbprint);
        expect(decodeJwt(token.value)).toMatchObject({ client_id: clientId, cnf: { 'x5t#S256': thumbprint } });
        expect(await tokens.revoke()).toBe(true);
      },
    );

    test.each([
      ['a certificate for another name', 'stock'],
      ['a certificate that is not registered', 'self_signed_tls_client_auth'],
    ])('rejects %s; the error names the certificate [A31]', async (_, clientId) => {
      const error = await failureOf(serviceFor(clientId, first).getToken());

      expect(error).toMatchObject({ code: 'ERR_GRANT_REJECTED', status: 403 });
      expect(String(error)).toContain('the certificate of O=Example, CN=orders was presented');
    });
  },
);
