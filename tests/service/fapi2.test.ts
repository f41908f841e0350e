import { describe, expect, test } from '@jest/globals';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { dpop } from '../../src/grant/dpop.js';
import { jwtBearer } from '../../src/grant/jwt-bearer.js';
import { tokenExchange } from '../../src/grant/token-exchange.js';
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
  ])('allows no shared secret: %s [R-86]', (_name, clientAuthentication) => {
    expect(() => serve({ clientAuthentication })).toThrow(ConfigurationError);
    expect(() => serve({ clientAuthentication })).toThrow(/allows no shared secret.*: set .*privateKeyJwt.*mutualTls/);
  });

  test('allows no client secret [R-86]', () => {
    expect(() => serve({ clientSecret: 's3cret' })).toThrow(/allows no shared secret/);
  });

  test('allows no assertion of another issuer, and says so [R-86]', () => {
    const clientAuthentication = federatedAssertion(() => 'assertion');

    expect(() => serve({ clientAuthentication })).toThrow(ConfigurationError);
    expect(() => serve({ clientAuthentication })).toThrow(
      /no assertion of another issuer: set "clientAuthentication" to privateKeyJwt\(…\) or mutualTls\(…\)/,
    );
  });

  test('requires sender-constrained tokens [R-87 A54]', () => {
    const clientAuthentication = privateKeyJwt({ key: first.key });
    const unconstrained = dpop({ requireBinding: false });

    expect(() => serve({ clientAuthentication })).toThrow(/requires sender-constrained tokens: set "dpop"/);
    expect(() => serve({ clientAuthentication, dpop: unconstrained })).toThrow(/requires sender-constrained tokens/);
    expect(() => serve({ clientAuthentication, dpop: dpop() })).not.toThrow();
    expect(() => serve({ clientAuthentication: byCertificate() })).not.toThrow();
    const both = mutualTls({ ...clientCertificates.first, clientAuthentication });
    expect(() => serve({ clientAuthentication: both })).not.toThrow();
  });

  test('allows the other grants, but only with client authentication', () => {
    for (const grant of [jwtBearer(), tokenExchange({ subjectTokenType: 'jwt' })]) {
      expect(() => serve({ grant })).toThrow(/set "clientAuthentication" to privateKeyJwt/);
      expect(() => serve({ grant, clientAuthentication: byCertificate() })).not.toThrow();
    }
  });

  test('requires endpoints from metadata [R-90]', () => {
    const endpoint = { issuer: undefined, tokenEndpoint: `${issuer}/token`, clientAuthentication: byCertificate() };

    expect(() => serve(endpoint)).toThrow(/takes endpoints from metadata only: set "issuer"/);
  });

  test('is the only profile [F10]', () => {
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

  test('returns a token that is bound to the certificate [R-87 R-89]', async () => {
    const { tokens } = await withServer({ tls_client_certificate_bound_access_tokens: true });

    const token = await tokens.getToken();

    expect(token).toMatchObject({ value: `for-${thumbprints.first}`, certificateThumbprint: thumbprints.first });
  });

  test('sends no grant to a server whose metadata do not promise certificate-bound tokens [R-87]', async () => {
    const { tokens, server } = await withServer({});

    const error = await failureOf(tokens.getToken());

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`${server.origin} does not bind tokens to certificates`);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
  });
});
