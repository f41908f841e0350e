import { describe, expect, test } from '@jest/globals';

import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretByMetadata, clientSecretPost } from '../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import type { TokenEvent } from '../../src/core/events.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { clientCertificates } from '../support/client-certificates.js';
import { type Granting, granting } from '../support/grant-outcome.js';
import { trustingFetch } from '../support/grant-tls.js';
import { ca, startTlsServer } from '../support/mutual-tls.js';
import { assertionUntil, type RotatingCredentials, rotatingCredentials } from '../support/rotating-credentials.js';
import { signingKey } from '../support/signing-keys.js';

const eventsOf = <Type extends TokenEvent['type']>({ events }: Granting, type: Type) =>
  events.filter((event): event is Extract<TokenEvent, { type: Type }> => event.type === type);

const reread = (client: Granting) =>
  eventsOf(client, 'credential.reread').map(({ credential, expiresAt }) => ({ credential, expiresAt }));

/** The client `orders`, over https. */
async function clientOverTls(clientAuthentication: RotatingCredentials['authentication']) {
  const server = await startTlsServer(() => granted('t'));
  return granting({ tokenEndpoint: `${server.origin}/token`, clientAuthentication, fetch: trustingFetch });
}

describe.each(Object.entries(rotatingCredentials))('%s', (_name, make) => {
  test('is reported once after it was rotated, and not while it stays the same', async () => {
    const { authentication, install, factsOf } = await make();
    const client = await clientOverTls(authentication);
    const counts: number[] = [];

    for (const version of [0, 0, 1, 1, 2]) {
      await install(version);
      await client.tokens.getToken();
      counts.push(reread(client).length);
    }

    expect(counts).toEqual([0, 0, 1, 1, 2]);
    expect(reread(client)).toEqual([factsOf(1), factsOf(2)]);
  });

  test('is described by each successful grant', async () => {
    const { authentication, install, factsOf } = await make();
    const client = await clientOverTls(authentication);

    await install(0);
    await client.tokens.getToken();

    expect(eventsOf(client, 'grant.succeeded').map(({ credential }) => credential)).toEqual([factsOf(0)]);
  });
});

test.each([
  ['clientSecretPost', clientSecretPost],
  ['clientSecretByMetadata', clientSecretByMetadata],
  ['clientSecretJwt', clientSecretJwt],
])('the secret of %s is reported with the expiry that its function returns', async (_name, authentication) => {
  const { tokenEndpoint } = await startAuthorizationServer();
  const expiresAt = Date.UTC(2026, 5, 1);
  const secrets = [
    { value: 'a secret', expiresAt },
    { value: 'another secret', expiresAt: expiresAt + 1 },
  ];
  const clientAuthentication = authentication(async () => secrets.shift() ?? 'the last one');
  const client = granting({ tokenEndpoint, clientAuthentication });

  for (let grants = 1; grants <= 3; grants += 1) await client.tokens.getToken();

  expect(reread(client)).toEqual([
    { credential: 'secret', expiresAt: expiresAt + 1 },
    { credential: 'secret', expiresAt: undefined },
  ]);
  expect(eventsOf(client, 'grant.succeeded')[0]?.credential).toEqual({ credential: 'secret', expiresAt });
});

test('an event about a credential holds neither the secret nor its digest', async () => {
  const { tokenEndpoint } = await startAuthorizationServer();
  const secrets = ['a secret', 'another secret'];
  const client = granting({ tokenEndpoint, clientAuthentication: clientSecretPost(() => secrets.shift() ?? '') });

  await client.tokens.getToken();
  await client.tokens.getToken();

  const [event, ...others] = eventsOf(client, 'credential.reread');
  expect(event).toEqual({ type: 'credential.reread', credential: 'secret', expiresAt: undefined });
  expect(others).toEqual([]);
  const { credential } = eventsOf(client, 'grant.succeeded')[0] ?? {};
  expect(credential).toEqual({ credential: 'secret', expiresAt: undefined });
});

describe('no rotation is', () => {
  test('a client assertion, of which each grant has another one', async () => {
    const { tokenEndpoint, grants } = await startAuthorizationServer();
    const clientAuthentication = privateKeyJwt({ key: (await signingKey()).pem });
    const client = granting({ tokenEndpoint, clientAuthentication });

    await client.tokens.getToken();
    await client.tokens.getToken();

    expect(new Set(grants.map(({ body }) => body)).size).toBe(2);
    expect(reread(client)).toEqual([]);
  });

  test.each([
    ['privateKeyJwt', async () => privateKeyJwt({ key: (await signingKey()).pem })],
    ['clientSecretJwt', async () => clientSecretJwt('a secret of at least 256 bits, so that it fits')],
  ])('a client assertion of %s that is signed again for the clock of the server', async (_name, authentication) => {
    const server = await startAuthorizationServer();
    const client = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication: await authentication() });
    const date = new Date(client.clock.now() + 60_000).toUTCString();
    server.script({ ...refused('invalid_client', { status: 401 }), headers: { date } }, granted('t'));

    await client.tokens.getToken();

    expect(server.grants).toHaveLength(2);
    expect(eventsOf(client, 'grant.succeeded')[0]?.clockSkewMs).toBe(60_000);
    expect(reread(client)).toEqual([]);
  });

  test('an assertion that a function issues for each grant', async () => {
    const { tokenEndpoint } = await startAuthorizationServer();
    let exp = 1_900_000_000;
    const clientAuthentication = federatedAssertion(() => assertionUntil((exp += 1)));
    const client = granting({ tokenEndpoint, clientAuthentication });

    await client.tokens.getToken();
    await client.tokens.getToken();

    expect(reread(client)).toEqual([]);
    expect(eventsOf(client, 'grant.succeeded').map(({ credential }) => credential?.expiresAt)).toEqual([
      1_900_000_001_000, 1_900_000_002_000,
    ]);
  });
});

describe('an assertion', () => {
  test.each([
    ['is no JWT', 'an-opaque-assertion'],
    ['has no claims in JSON', 'e30.e30x.e30'],
    ['is encrypted', 'e30.OKOawDo13gRp.48V1_ALb6US04U3b.5eym8TW_c8Su.XFBoMYUZodet'],
    ['has no "exp"', assertionUntil(undefined)],
    ['has an "exp" that is no number', assertionUntil('2030-01-01')],
  ])('that %s has no known expiry', async (_what, assertion) => {
    const { tokenEndpoint } = await startAuthorizationServer();
    const client = granting({ tokenEndpoint, clientAuthentication: federatedAssertion(() => assertion) });

    await client.tokens.getToken();

    expect(eventsOf(client, 'grant.succeeded')[0]?.credential).toEqual({
      credential: 'assertion',
      expiresAt: undefined,
    });
  });
});

test('a certificate beside another client authentication is described, and the rotation of each is reported', async () => {
  const { first } = clientCertificates;
  const secrets = ['old', 'new'];
  const authentication = mutualTls({
    certificate: first.certificate,
    key: first.key,
    ca,
    clientAuthentication: clientSecretPost(() => secrets.shift() ?? 'new'),
  });
  cleanUp(() => authentication.agent.destroy());
  const client = await clientOverTls(authentication);

  await client.tokens.getToken();
  await client.tokens.getToken();

  expect(reread(client)).toEqual([{ credential: 'secret', expiresAt: undefined }]);
  const described = eventsOf(client, 'grant.succeeded').map(({ credential }) => credential?.credential);
  expect(described).toEqual(['certificate', 'certificate']);
});
