import { expect, test } from '@jest/globals';

import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretByMetadata,
  clientSecretPost,
} from '../../src/authentication/client-secret.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { supportedMethod } from '../../src/authentication/supported-method.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { clientCertificates } from '../support/client-certificates.js';
import { granting } from '../support/grant-outcome.js';

const issuer = 'https://auth.example';

test.each([
  [undefined, 'a'],
  [['b', 'a'], 'a'],
  [['b', 'c'], 'b'],
  // Not what RFC 8414 has, and no reason to fail.
  ['b' as unknown as string[], 'a'],
])('of a or b, metadata that list %j choose %j [R-59]', (supported, chosen) => {
  const server = { issuer, ...(supported && { token_endpoint_auth_methods_supported: supported }) };

  expect(supportedMethod(server, 'a', 'b')).toBe(chosen);
});

test.each<[string, ClientAuthentication]>([
  ['a client secret', clientSecretByMetadata('s3cret')],
  ['clientSecretBasic', clientSecretBasic('s3cret')],
  ['clientSecretPost', clientSecretPost('s3cret')],
  ['clientSecretJwt', clientSecretJwt('s3cret')],
  ['privateKeyJwt', privateKeyJwt({ key: clientCertificates.first.key })],
  ['mutualTls', mutualTls(clientCertificates.first)],
])(
  '%s is a ConfigurationError that lists what is supported, where it is not: nothing is sent [R-12 R-59]',
  async (_, clientAuthentication) => {
    const metadata = { token_endpoint_auth_methods_supported: ['none', 'attest_jwt_client_auth'] };
    const server = await startAuthorizationServer({ metadata });
    const { failure } = granting({ issuer: server.origin, clientAuthentication });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(/supports none, attest_jwt_client_auth: set "clientAuthentication"/);
    expect(String(error)).toContain(server.origin);
    expect(server.grants).toEqual([]);
  },
);
