import { expect, test } from '@jest/globals';

import { checkAuthMethod, checkMetadata } from '../../../../../src/cli/commands/doctor/checks/metadata.js';
import { systemClock } from '../../../../../src/core/clock.js';
import { authorizationServer } from '../../../../../src/grant/authorization-server.js';
import { startAuthorizationServer } from '../../../../support/authorization-server.js';
import { startHttpServer } from '../../../../support/http-server.js';

const check = (issuer: string) => {
  const server = authorizationServer({ issuer, timeoutMs: 5_000, fetch, clock: systemClock });
  return checkMetadata({ kind: 'issuer', name: issuer }, () => server.metadata());
};

test('passes metadata with the right issuer', async () => {
  const { origin, tokenEndpoint } = await startAuthorizationServer({ metadata: {} });

  const { facts, findings } = await check(origin);

  expect(facts?.token_endpoint).toBe(tokenEndpoint);
  expect(findings).toEqual([
    {
      verdict: 'pass',
      what: `the metadata of ${origin} names the same issuer and the token endpoint ${tokenEndpoint}`,
    },
  ]);
});

test('cuts and cleans the texts of the metadata [A53]', async () => {
  const long = 'x'.repeat(1_000);
  const { origin } = await startAuthorizationServer({ metadata: { token_endpoint: `https://a.example.com/${long}` } });
  const facts = { issuer: origin, token_endpoint_auth_methods_supported: [`\u009b2J${long}`] };

  const { findings } = await check(origin);

  for (const { what } of [...findings, ...checkAuthMethod(facts, 'client_secret_post')]) {
    expect(what.length).toBeLessThan(500);
    expect(what).not.toContain('\u009b');
  }
});

test('reports nothing about methods that are no list', async () => {
  const metadata = { token_endpoint_auth_methods_supported: 'client_secret_basic' };
  const { origin } = await startAuthorizationServer({ metadata });

  const { facts } = await check(origin);

  expect(facts && checkAuthMethod(facts, undefined)).toEqual([]);
});

test('fails metadata of another issuer [R-58]', async () => {
  const { origin } = await startAuthorizationServer({ metadata: { issuer: 'https://other.example.com' } });

  const { facts, findings } = await check(origin);

  expect(facts).toBeUndefined();
  expect(findings).toMatchObject([
    {
      verdict: 'fail',
      what: expect.stringContaining('https://other.example.com'),
      advice: expect.stringContaining('correct the issuer'),
      exitCode: 2,
    },
  ]);
});

test('fails an issuer with a surplus trailing slash [A38]', async () => {
  const { origin } = await startAuthorizationServer({ metadata: {} });

  const { findings } = await check(`${origin}/`);

  expect(findings).toMatchObject([{ verdict: 'fail', what: expect.stringContaining('trailing slash') }]);
});

test('fails without metadata', async () => {
  const { origin } = await startHttpServer(() => ({ status: 404 }));

  const { findings } = await check(origin);

  expect(findings).toMatchObject([
    { verdict: 'fail', what: expect.stringContaining('no metadata of an authorization server'), exitCode: 2 },
  ]);
});

test('fails a server error', async () => {
  const { origin } = await startHttpServer(() => ({ status: 503 }));

  const { findings } = await check(origin);

  expect(findings).toMatchObject([{ verdict: 'fail', what: expect.stringContaining('(HTTP 503)'), exitCode: 4 }]);
});

const method = (supported: string[] | undefined, configured?: string) =>
  checkAuthMethod(
    { issuer: 'https://a', token_endpoint_auth_methods_supported: supported } as Parameters<typeof checkAuthMethod>[0],
    configured,
  );

test.each([
  [['client_secret_post', 'private_key_jwt'], undefined, 'the command uses client_secret_post'],
  [['client_secret_basic'], 'client_secret_basic:form', 'the command uses client_secret_basic:form'],
  [['private_key_jwt'], 'federated_assertion', 'the command uses federated_assertion'],
])('passes a supported method: %j, configured %s', (supported, configured, what) => {
  expect(method(supported, configured)).toMatchObject([{ verdict: 'pass', what: expect.stringContaining(what) }]);
});

test('warns about an unsupported method', () => {
  expect(method(['client_secret_post'], 'client_secret_basic')).toEqual([
    {
      verdict: 'warn',
      what: 'the metadata list "client_secret_post", but the command uses client_secret_basic',
      advice: 'set --auth-method client_secret_post (with the secret)',
    },
  ]);
  expect(method(['x'], 'client_secret_basic')).toMatchObject([
    {
      advice: 'the command supports none of them; if the metadata are wrong, set --token-endpoint instead of --issuer',
    },
  ]);
});

test('fails a server that accepts no secret', () => {
  expect(method(['private_key_jwt', 'tls_client_auth', 'none'])).toEqual([
    {
      verdict: 'fail',
      what: 'the metadata list "private_key_jwt, tls_client_auth, none", but no method that sends the secret',
      advice:
        'set --auth-method private_key_jwt (with --key-file) or tls_client_auth (with --certificate-file and --key-file)',
      exitCode: 2,
    },
  ]);
});

test('reports nothing if the metadata does not list methods', () => {
  expect(method(undefined, 'client_secret_post')).toEqual([]);
});
