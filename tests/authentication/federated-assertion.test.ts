import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { authenticatorOf } from '../../src/authentication/client-authentication.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { ConfigurationError, GrantRejectedError, GrantUnavailableError } from '../../src/core/errors.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { fromFile } from '../../src/authentication/secret.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { parametersIn } from '../support/client-assertions.js';
import { clientCertificates } from '../support/client-certificates.js';
import { granting, linesThatShow } from '../support/grant-outcome.js';
import type { Answer } from '../support/http-server.js';
import { ca, startTlsServer } from '../support/mutual-tls.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a federated assertion is sent unchanged, with its type and the client id [R-43]', async () => {
  const server = await startAuthorizationServer();
  const clientAuthentication = federatedAssertion(async () => 'header.claims.signature');
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

  await tokens.getToken();

  expect(server.grants.map(parametersIn)).toEqual([
    {
      grant_type: 'client_credentials',
      client_id: 'orders',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'header.claims.signature',
    },
  ]);
  expect(server.grants[0]?.headers.authorization).toBeUndefined();
});

test('its type can be set by an option [R-43]', async () => {
  const server = await startAuthorizationServer();
  const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe';
  const clientAuthentication = federatedAssertion(() => 'svid', { assertionType });
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

  await tokens.getToken();

  expect(server.grants.map(parametersIn)).toMatchObject([{ client_assertion_type: assertionType }]);
});

test('a file is read for each grant, and once more if its assertion is rejected [F1 A7]', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'token');
  await writeFile(path, 'first\n');
  const server = await startAuthorizationServer();
  const clientAuthentication = federatedAssertion(fromFile(path));
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

  await tokens.getToken();
  await writeFile(path, 'second\n');
  await tokens.getToken();
  server.script(async (request) => {
    await writeFile(path, 'third\n');
    return parametersIn(request)['client_assertion'] === 'third'
      ? granted('t')
      : refused('invalid_client', { status: 401 });
  });
  await tokens.getToken();

  const sent = server.grants.map((request) => parametersIn(request)['client_assertion']);
  expect(sent).toEqual(['first', 'second', 'second', 'third']);
});

/** A source that returns another assertion if the first one was rejected, and the arguments of its calls. */
function replacingSource() {
  const calls: unknown[][] = [];
  const source = (...args: unknown[]): string => {
    calls.push(args);
    return args.length === 0 ? 'first' : 'second';
  };
  return { calls, source };
}

const acceptSecond = ({ body }: { readonly body: string }): Answer =>
  body.includes('client_assertion=second') ? granted('t') : refused('invalid_client', { status: 401 });

test('a function is told which assertion was rejected [F1 A7]', async () => {
  const server = await startAuthorizationServer();
  server.script(acceptSecond);
  const { calls, source } = replacingSource();
  const { tokens } = granting({
    tokenEndpoint: server.tokenEndpoint,
    clientAuthentication: federatedAssertion(source),
  });

  const token = await tokens.getToken();

  expect(token.value).toBe('t');
  expect(calls).toEqual([[], [{ replacing: 'first' }]]);
});

test('a function is told so beside a client certificate, too [F1 A7]', async () => {
  const server = await startTlsServer(acceptSecond);
  const { calls, source } = replacingSource();
  const clientAuthentication = mutualTls({
    ...clientCertificates.first,
    ca,
    clientAuthentication: federatedAssertion(source),
  });
  cleanUp(() => clientAuthentication.agent.destroy());
  const { tokens } = granting({ tokenEndpoint: `${server.origin}/token`, clientAuthentication });

  await tokens.getToken();

  expect(calls).toEqual([[], [{ replacing: 'first' }]]);
});

test('a configuration error of the source is the error of the grant', async () => {
  const error = new ConfigurationError('the identity is not assigned');
  const clientAuthentication = federatedAssertion(() => Promise.reject(error));
  const { failure } = granting({ tokenEndpoint: 'https://auth.example/token', clientAuthentication });

  expect(await failure()).toBe(error);
});

test('the message of a source that is unavailable is in the error of the grant, and its Retry-After only in the cause', async () => {
  const cause = new GrantUnavailableError('the metadata service is not available', { retryAfterMs: 2_000 });
  const clientAuthentication = federatedAssertion(() => Promise.reject(cause));
  const { failure } = granting({ tokenEndpoint: 'https://auth.example/token', clientAuthentication });

  expect(await failure()).toMatchObject({
    code: 'ERR_GRANT_UNAVAILABLE',
    message: 'the federated assertion could not be read: the metadata service is not available; see "cause"',
    retryAfterMs: undefined,
    cause,
  });
});

test('the rejection of another client is not the error of the grant', async () => {
  const cause = new GrantRejectedError('rejected', { status: 401, error: 'invalid_client' });
  const clientAuthentication = federatedAssertion(() => Promise.reject(cause));
  const { failure } = granting({ tokenEndpoint: 'https://auth.example/token', clientAuthentication });

  expect(await failure()).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', cause });
});

test('it appears in no error and no event [R-24]', async () => {
  const server = await startAuthorizationServer();
  server.script(refused('invalid_client', { status: 401, description: 'what is c4n4ry.s3cret?' }));
  const clientAuthentication = federatedAssertion(() => 'c4n4ry.s3cret');
  const { failure, events } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

  const error = await failure();

  expect(String(error)).toMatch(/what is \[redacted\]\?.*issuer, subject, audience and expiry/);
  expect(linesThatShow('c4n4ry', [error, events])).toEqual([]);
});

test('an unreadable source is named in the error', async () => {
  const clientAuthentication = federatedAssertion(fromFile('/nowhere/token'));
  const { failure } = granting({ tokenEndpoint: 'https://auth.example/token', clientAuthentication });

  const error = await failure();

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toContain('the federated assertion could not be read');
});

test('the fingerprint changes with the assertion [D2]', async () => {
  const assertions = ['one', 'two'];
  const authentication = federatedAssertion(() => assertions.shift() ?? '');

  expect(await authenticatorOf(authentication).fingerprint()).not.toBe(
    await authenticatorOf(authentication).fingerprint(),
  );
});

test.each<[unknown, object, RegExp]>([
  [undefined, {}, /the source of federatedAssertion must be/],
  [() => 'a', { assertionType: '' }, /"assertionType" of federatedAssertion must be a non-empty string/],
  [() => 'a', { type: 'a' }, /federatedAssertion has no option "type"/],
])('rejects %p with the options %j [F10]', (source, options, message) => {
  const make = () => federatedAssertion(source as () => string, options);

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});
