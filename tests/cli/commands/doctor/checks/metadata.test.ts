import { expect, test } from '@jest/globals';

import { checkAuthMethod, checkMetadata } from '../../../../../src/cli/commands/doctor/checks/metadata.js';
import { systemClock } from '../../../../../src/core/clock.js';
import { authorizationServer } from '../../../../../src/grant/authorization-server.js';
import { startAuthorizationServer } from '../../../../support/authorization-server.js';
import { startHttpServer } from '../../../../support/http-server.js';

const check = (issuer: string) => {
  const server = authorizationServer({ issuer, timeoutMs: 5_000, fetch, clock: systemClock });
  return checkMetadata(issuer, () => server.metadata());
};

test('the metadata are found, with the issuer and the token endpoint', async () => {
  const { origin, tokenEndpoint } = await startAuthorizationServer({ metadata: {} });

  const { facts, findings } = await check(origin);

  expect(facts?.token_endpoint).toBe(tokenEndpoint);
  expect(findings).toEqual([
    { verdict: 'good', what: `the metadata of ${origin} say the same issuer, and the token endpoint ${tokenEndpoint}` },
  ]);
});

test('found: another issuer [R-58]', async () => {
  const { origin } = await startAuthorizationServer({ metadata: { issuer: 'https://other.example.com' } });

  const { facts, findings } = await check(origin);

  expect(facts).toBeUndefined();
  expect(findings).toMatchObject([
    {
      verdict: 'bad',
      what: expect.stringContaining('https://other.example.com'),
      advice: expect.stringContaining('correct the issuer'),
      exitCode: 2,
    },
  ]);
});

test('found: a trailing slash too many [A38]', async () => {
  const { origin } = await startAuthorizationServer({ metadata: {} });

  const { findings } = await check(`${origin}/`);

  expect(findings).toMatchObject([{ verdict: 'bad', what: expect.stringContaining('trailing slash') }]);
});

test('found: no metadata', async () => {
  const { origin } = await startHttpServer(() => ({ status: 404 }));

  const { findings } = await check(origin);

  expect(findings).toMatchObject([
    { verdict: 'bad', what: expect.stringContaining('no metadata of an authorization server'), exitCode: 2 },
  ]);
});

test('found: a server that has a trouble of its own', async () => {
  const { origin } = await startHttpServer(() => ({ status: 503 }));

  const { findings } = await check(origin);

  expect(findings).toMatchObject([{ verdict: 'bad', what: expect.stringContaining('(HTTP 503)'), exitCode: 4 }]);
});

const method = (supported: string[] | undefined, configured?: string) =>
  checkAuthMethod(
    { issuer: 'https://a', token_endpoint_auth_methods_supported: supported } as Parameters<typeof checkAuthMethod>[0],
    configured,
  );

test.each([
  [['client_secret_post', 'private_key_jwt'], undefined, 'client_secret_post is used'],
  [['client_secret_basic'], 'client_secret_basic:form', 'client_secret_basic:form is used'],
  [['private_key_jwt'], 'federated_assertion', 'federated_assertion is used'],
])('a method that the server supports: %j, configured %s', (supported, configured, what) => {
  expect(method(supported, configured)).toMatchObject([{ verdict: 'good', what: expect.stringContaining(what) }]);
});

test('found: a method that the server does not support', () => {
  expect(method(['client_secret_post'], 'client_secret_basic')).toEqual([
    {
      verdict: 'doubtful',
      what: 'client_secret_basic is used, but the server supports client_secret_post',
      advice: 'set --auth-method client_secret_post (with the secret)',
    },
  ]);
  expect(method(['x'], 'client_secret_basic')).toMatchObject([{ advice: 'none of these is known here' }]);
});

test('found: a server that takes no secret', () => {
  expect(method(['private_key_jwt', 'tls_client_auth', 'none'])).toEqual([
    {
      verdict: 'bad',
      what: 'the server supports private_key_jwt, tls_client_auth, none, and does not take the secret itself',
      advice:
        'set --auth-method private_key_jwt (with --key-file) or tls_client_auth (with --certificate-file and --key-file)',
      exitCode: 2,
    },
  ]);
});

test('without a list there is nothing to compare', () => {
  expect(method(undefined, 'client_secret_post')).toEqual([]);
});
