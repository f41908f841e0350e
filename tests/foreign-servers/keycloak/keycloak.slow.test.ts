import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { clientSecretPost } from '../../../src/authentication/client-secret.js';
import { dpop } from '../../../src/grant/dpop.js';
import { tokenExchange } from '../../../src/grant/token-exchange.js';
import type { TokenServiceOptions } from '../../../src/service/options.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { runCommand } from '../../support/command.js';
import { failureOf } from '../../support/grant-outcome.js';
import { authentications, clientIdOf, credentials, type Method, wrongCredentials } from '../clients.js';
import { describeWithKeycloak, type KeycloakRealm, makeRealm } from './realm.js';

const methods: readonly Method[] = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];

describeWithKeycloak()('Keycloak', () => {
  let realm: KeycloakRealm;
  beforeAll(async () => {
    realm = await makeRealm(methods);
  });
  afterAll(() => realm.remove());

  const serviceFor = (method: Method, options: Partial<TokenServiceOptions> = {}) =>
    createTokenService({
      issuer: realm.issuer,
      clientId: clientIdOf(method),
      clientAuthentication: authentications[method](credentials, realm.issuer),
      scope: 'orders:read',
      retry: { retries: 0 },
      ...options,
    });

  async function introspect(token: string) {
    const client = `${clientIdOf('client_secret_basic')}:${credentials.secret}`;
    const response = await fetch(realm.introspectionEndpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(client).toString('base64')}` },
      body: new URLSearchParams({ token }),
    });
    return response.json();
  }

  test.each(methods)('grants a token by the issuer of a realm and %s', async (method) => {
    const { value, scope } = await serviceFor(method).getToken();

    expect(scope?.split(' ')).toContain('orders:read');
    expect(await introspect(value)).toMatchObject({ active: true, client_id: clientIdOf(method) });
  });

  test.each<[Method, string]>([
    ['client_secret_basic', 'unauthorized_client'],
    ['private_key_jwt', 'invalid_client'],
  ])('rejects wrong credentials by %s as %s; the error says to check them', async (method, error) => {
    const clientAuthentication = authentications[method](wrongCredentials, realm.issuer);

    const failure = await failureOf(serviceFor(method, { clientAuthentication }).getToken());

    expect(failure).toMatchObject({ error, message: expect.stringMatching(/check the client id and the secret/) });
  });

  test('reads a rotated secret again after unauthorized_client', async () => {
    const { rotateSecret } = realm;
    const clientId = clientIdOf('client_secret_post');
    let secret = credentials.secret;
    let reads = 0;
    const clientAuthentication = clientSecretPost(() => {
      reads += 1;
      // The second read still returns the old secret, which the server rejects.
      return reads === 2 ? credentials.secret : secret;
    });
    const tokens = serviceFor('client_secret_post', { clientAuthentication });
    await tokens.getToken();
    secret = 'the-secret-after-the-rotation-of-it';
    await rotateSecret(clientId, secret);

    const { value } = await tokens.getToken({ scope: 'orders:write' });

    expect(await introspect(value)).toMatchObject({ active: true });
    expect(reads).toBeGreaterThanOrEqual(3);
    await rotateSecret(clientId, credentials.secret);
  });

  test('binds a token to the DPoP key', async () => {
    const { value, type } = await serviceFor('client_secret_basic', { dpop: dpop() }).getToken();

    expect(type).toBe('DPoP');
    expect(await introspect(value)).toMatchObject({ active: true, cnf: { jkt: expect.any(String) } });
  });

  test('exchanges the token of another client, until it is revoked', async () => {
    const source = serviceFor('private_key_jwt');
    const subject = await source.getToken();
    const exchange = () =>
      serviceFor('client_secret_basic', {
        grant: tokenExchange({
          subjectToken: () => subject.value,
          subjectTokenType: 'access_token',
          requestedTokenType: 'access_token',
        }),
      });

    const { value } = await exchange().getToken();
    expect(await introspect(value)).toMatchObject({ active: true, azp: clientIdOf('client_secret_basic') });

    expect(await source.revoke()).toBe(true);
    expect(await introspect(subject.value)).toEqual({ active: false });
    const failure = await failureOf(exchange().getToken());
    expect(failure).toMatchObject({ code: 'ERR_GRANT_REJECTED' });
    expect(String(failure)).not.toContain(subject.value);
  });

  test('the doctor finds nothing wrong, and names the reasons of unauthorized_client', async () => {
    const environment = { OAUTH_ISSUER: realm.issuer, OAUTH_CLIENT_ID: clientIdOf('client_secret_basic') };
    const doctor = (secret: string) =>
      runCommand(['doctor'], { environment: { ...environment, OAUTH_CLIENT_SECRET: secret } });

    const [good, wrong] = [await doctor(credentials.secret), await doctor(wrongCredentials.secret)];

    expect(good).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('✗') });
    expect(wrong).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('the secret is wrong, has expired') });
  });
});
