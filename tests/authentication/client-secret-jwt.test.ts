import { expect, test } from '@jest/globals';

import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { refused, startAuthorizationServer } from '../support/authorization-server.js';
import { assertionIn, parametersIn } from '../support/client-assertions.js';
import { granting } from '../support/grant-outcome.js';
import type { RecordedRequest } from '../support/http-server.js';

// Long enough for HS512.
const secret = 'a:b%c d+é, and so on: sixty-four bytes are what the longest needs.';

test.each([
  ['HS256', undefined],
  ['HS256', ['RS256', 'HS512', 'HS256']],
  ['HS512', ['HS512']],
])(
  'client_secret_jwt signs with %s where the metadata list %j, and sends no secret [F3 R-43 R-60]',
  async (alg, supported) => {
    const metadata = { token_endpoint_auth_signing_alg_values_supported: supported };
    const server = await startAuthorizationServer({ metadata });
    const { tokens } = granting({ issuer: server.origin, clientAuthentication: clientSecretJwt(secret) });

    await tokens.getToken();

    const { header, claims } = await assertionIn(server.grants[0], Buffer.from(secret));
    expect(header).toEqual({ alg, typ: 'client-authentication+jwt' });
    expect(claims).toMatchObject({ iss: 'orders', sub: 'orders', aud: server.origin });
    expect(Object.keys(parametersIn(server.grants[0] as RecordedRequest)).toSorted()).toEqual([
      'client_assertion',
      'client_assertion_type',
      'client_id',
      'grant_type',
    ]);
  },
);

test('a server that supports no HMAC algorithm gets no request [R-60]', async () => {
  const metadata = { token_endpoint_auth_signing_alg_values_supported: ['RS256'] };
  const server = await startAuthorizationServer({ metadata });
  const { failure } = granting({ issuer: server.origin, clientAuthentication: clientSecretJwt(secret) });

  const error = await failure();

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toContain('signed with HS256 or HS384 or HS512; it supports RS256');
});

test('the secret is resolved for each grant [F1]', async () => {
  const server = await startAuthorizationServer();
  const secrets = ['first', 'second'];
  const clientAuthentication = clientSecretJwt(() => secrets.shift() ?? '');
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

  await tokens.getToken();
  await tokens.getToken();

  expect((await assertionIn(server.grants[0], Buffer.from('first'))).claims.sub).toBe('orders');
  expect((await assertionIn(server.grants[1], Buffer.from('second'))).claims.sub).toBe('orders');
});

test('white space around a rejected secret is mentioned [F2]', async () => {
  const server = await startAuthorizationServer();
  server.script(refused('invalid_client', { status: 401 }));
  const clientAuthentication = clientSecretJwt(' s3cret');
  const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

  expect(String(await failure())).toContain('the secret begins or ends with white space');
});

test('neither secret nor assertion appears in a message if the server repeats them [F4]', async () => {
  const server = await startAuthorizationServer();
  server.script((request) =>
    refused('invalid_client', { description: `c4n4ry-s3cret, ${parametersIn(request)['client_assertion']}` }),
  );
  const clientAuthentication = clientSecretJwt('c4n4ry-s3cret');
  const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

  expect(String(await failure())).toContain('"[redacted], [redacted]"');
});

test('a missing secret is rejected at once [F5]', () => {
  expect(() => clientSecretJwt('')).toThrow(ConfigurationError);
});
