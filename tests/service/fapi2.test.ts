import { describe, expect, test } from '@jest/globals';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { checkFapi2Profile } from '../../src/service/fapi2.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { clientCertificates } from '../support/client-certificates.js';
import { failureOf } from '../support/grant-outcome.js';
import { trustingFetch } from '../support/grant-tls.js';
import { ca, startTlsServer, thumbprints } from '../support/mutual-tls.js';

const { first } = clientCertificates;
const issuer = 'https://auth.example';
const byCertificate = () => mutualTls({ ...first, ca });

const serve = (options: Partial<TokenServiceOptions>) =>
  createTokenService({ issuer, clientId: 'orders', profile: 'fapi2', ...options });

describe('the profile "fapi2"', () => {
  test.each<[string, ClientAuthentication]>([
    ['clientSecretBasic', clientSecretBasic('s3cret')],
    ['clientSecretPost', clientSecretPost('s3cret')],
    ['clientSecretJwt', clientSecretJwt('s3cret')],
    ['federatedAssertion', federatedAssertion(() => 'assertion')],
  ])('refuses %s [R-86]', (_name, clientAuthentication) => {
    expect(() => serve({ clientAuthentication })).toThrow(ConfigurationError);
    expect(() => serve({ clientAuthentication })).toThrow(/allows no shared secret: .*privateKeyJwt.*mutualTls/);
  });

  test('refuses a client secret [R-86]', () => {
    expect(() => serve({ clientSecret: 's3cret' })).toThrow(/allows no shared secret/);
  });

  test('refuses tokens that are not bound to their sender [R-87]', () => {
    const clientAuthentication = privateKeyJwt({ key: first.key });

    expect(() => serve({ clientAuthentication })).toThrow(/requires tokens that are bound to their sender: set "dpop"/);
    expect(() => serve({ clientAuthentication: byCertificate() })).not.toThrow();
  });

  test('takes private_key_jwt with tokens that are bound otherwise [R-87]', () => {
    const facts = { tokenEndpoint: undefined, method: 'private_key_jwt' };

    expect(() => checkFapi2Profile({ ...facts, isSenderConstrained: true })).not.toThrow();
    expect(() => checkFapi2Profile({ ...facts, isSenderConstrained: false })).toThrow(ConfigurationError);
  });

  test('refuses an endpoint that is not from metadata [R-90]', () => {
    const endpoint = { issuer: undefined, tokenEndpoint: `${issuer}/token`, clientAuthentication: byCertificate() };

    expect(() => serve(endpoint)).toThrow(/takes endpoints from metadata only: set "issuer"/);
  });

  test('is the only one there is [F10]', () => {
    const profile = 'fapi1' as 'fapi2';

    expect(() => serve({ profile, clientSecret: 's3cret' })).toThrow('"profile" of createTokenService must be "fapi2"');
  });

  /** An authorization server over https with these metadata, and a service that trusts it. */
  async function withServer(metadata: object) {
    const server = await startTlsServer(({ method, thumbprint }) => {
      if (method === 'GET')
        return { body: { issuer: server.origin, token_endpoint: `${server.origin}/token`, ...metadata } };
      return { body: { access_token: `for-${thumbprint}`, token_type: 'Bearer', expires_in: 60 } };
    });
    const options = { issuer: server.origin, clientAuthentication: byCertificate(), fetch: trustingFetch };
    return { server, tokens: serve(options) };
  }

  test('gets a token that is bound to the certificate [R-87 R-89]', async () => {
    const { tokens } = await withServer({ tls_client_certificate_bound_access_tokens: true });

    const token = await tokens.getToken();

    expect(token).toMatchObject({ value: `for-${thumbprints.first}`, certificateThumbprint: thumbprints.first });
  });

  test('asks no server that says nothing of binding tokens to certificates [R-87]', async () => {
    const { tokens, server } = await withServer({});

    const error = await failureOf(tokens.getToken());

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`${server.origin} does not bind tokens to certificates`);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
  });
});
