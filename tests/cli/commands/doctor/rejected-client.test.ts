import { expect, test } from '@jest/globals';

import { authenticatorOf, type ClientAuthentication } from '../../../../src/authentication/client-authentication.js';
import {
  type RejectedClientFacts,
  reasonsForRejectedClient,
} from '../../../../src/cli/commands/doctor/rejected-client.js';
import { authMethods, type Credentials } from '../../../../src/cli/settings/auth-methods.js';
import { clientCertificates } from '../../../support/client-certificates.js';
import { credentialsOf, settingsOf } from '../../../support/settings.js';
import { signingKey } from '../../../support/signing-keys.js';

const facts: RejectedClientFacts['facts'] = { issuer: 'https://a', token_endpoint: 'https://a/token' };
const prepare = async (name: string, credentials: Credentials) =>
  authenticatorOf((await authMethods[name]?.make(credentials, {})) as ClientAuthentication).prepare('orders', facts);
const credentials = credentialsOf({ secret: 's3cret' });
const prepared = await prepare('client_secret_basic', credentials);

const reasons = (changes: Partial<RejectedClientFacts> = {}) =>
  reasonsForRejectedClient({
    rejection: { error: 'invalid_client', status: 401 },
    prepared,
    settings: settingsOf({ clientSecret: 'any' }),
    credentials,
    clientId: 'orders',
    facts,
    triesMethods: false,
    ...changes,
  });

test('the usual reasons, the likeliest first', () => {
  expect(reasons()).toEqual([
    'the secret is wrong, has expired or was replaced: create another one for "orders"',
    'the client "orders" is unknown or disabled at this server: check the environment or tenant',
    'the client is registered for a method other than client_secret_basic',
    '--try-methods tries the other methods: each counts as a failed sign-in',
  ]);
});

test('reasons with evidence come first', async () => {
  const withSpace = credentialsOf({ secret: 'a+b ' });

  const [first, second, third] = reasons({
    prepared: await prepare('client_secret_basic', withSpace),
    credentials: withSpace,
    facts: { ...facts, token_endpoint_auth_methods_supported: ['client_secret_post'] },
  });

  expect(first).toBe('the client secret from test ends with a space');
  expect(second).toBe('the request used client_secret_basic, but the server supports client_secret_post');
  expect(third).toContain('a character that servers decode differently');
});

test.each<[string | undefined, number, RegExp]>([
  ['unauthorized_client', 401, /^the secret is wrong/],
  ['access_denied', 401, /^the secret is wrong/],
  ['unauthorized_client', 400, /^the client credentials grant must be enabled/],
  ['invalid_request', 400, /^check --scope, --resource, --audience and --parameter/],
  ['access_denied', 403, /^check --scope/],
  [undefined, 403, /^the secret is wrong/],
])('%s with %d has the reasons of invalid_client too [A46]', (error, status, first) => {
  const found = reasons({ rejection: { error, status } });

  expect(found[0]).toMatch(first);
  expect(found).toEqual(expect.arrayContaining([...reasons()]));
});

test('names a missing scope where a server gives no reason', () => {
  const rejection = { error: undefined, status: 403 };

  expect(reasons({ rejection }).join()).toContain('set --scope');
  expect(reasons({ rejection, settings: settingsOf({ scope: 'a' }) }).join()).not.toContain('set --scope');
});

test('invalid_request for a badly encoded secret names the character [A50]', async () => {
  const encoded = { prepared: await prepare('client_secret_basic', credentialsOf({ secret: 'a+b' })) };

  expect(reasons({ rejection: { error: 'invalid_request', status: 400 }, ...encoded }).join()).toContain(
    'a character that servers decode differently',
  );
});

test('names the flag for another audience of assertions, not that of the token request [A48]', () => {
  const hint =
    'the server may want its token endpoint as the audience: set "audience" of privateKeyJwt to "https://a/t"';
  const found = reasons({ prepared: { ...prepared, method: 'private_key_jwt', hint } }).join();

  expect(found).toContain('set --assertion-audience to "https://a/t"');
});

test('does not propose --try-methods if it is set', () => {
  expect(reasons({ triesMethods: true }).join()).not.toContain('--try-methods');
});

test('names the signature or certificate in use, and does not blame a secret', async () => {
  const { pem: key } = await signingKey('ES256');
  const signer = credentialsOf({ key });
  const presenter = credentialsOf(clientCertificates.first);

  const ofSigner = reasons({ prepared: await prepare('private_key_jwt', signer), credentials: signer });
  const ofPresenter = reasons({ prepared: await prepare('tls_client_auth', presenter), credentials: presenter });

  expect(ofSigner[0]).toMatch(/^the assertion was signed with ES256 without a key id for the audience https:\/\/a;/);
  expect(ofSigner.join()).not.toMatch(/secret|--try-methods/);
  expect(ofPresenter[0]).toMatch(/^the certificate of O=Example, CN=orders was presented/);
  expect(ofPresenter.at(-1)).toMatch(/^--try-methods/);
});
