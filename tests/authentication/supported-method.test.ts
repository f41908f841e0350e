import { expect, test } from '@jest/globals';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretBasic, clientSecretByMetadata, clientSecretPost } from '../../src/authentication/client-secret.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { clientCertificates } from '../support/client-certificates.js';
import { granting } from '../support/grant-outcome.js';

test.each<[string, ClientAuthentication]>([
  ['a client secret', clientSecretByMetadata('s3cret')],
  ['clientSecretBasic', clientSecretBasic('s3cret')],
  ['clientSecretPost', clientSecretPost('s3cret')],
  ['clientSecretJwt', clientSecretJwt('s3cret')],
  ['privateKeyJwt', privateKeyJwt({ key: clientCertificates.first.key })],
  ['mutualTls', mutualTls(clientCertificates.first)],
])(
  '%s is a ConfigurationError that lists the supported methods if the metadata do not list it [R-12 R-59]',
  async (_, clientAuthentication) => {
    const metadata = { token_endpoint_auth_methods_supported: ['none', 'attest_jwt_client_auth'] };
    const server = await startAuthorizationServer({ metadata });
    const { failure } = granting({ issuer: server.origin, clientAuthentication });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(/list "none, attest_jwt_client_auth"; set "clientAuthentication"/);
    expect(String(error)).toContain(server.origin);
    expect(server.grants).toEqual([]);
  },
);
