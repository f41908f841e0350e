import { expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { runCommand } from '../support/command.js';
import { startHttpServer } from '../support/http-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** An API that publishes the name of its authorization server (RFC 9728), and the settings for it. */
async function start(metadata: Record<string, unknown> = {}) {
  const server = await startAuthorizationServer({ metadata });
  const api = await startHttpServer(({ path, headers }) =>
    path.startsWith('/.well-known/oauth-protected-resource')
      ? { body: { resource: `http://${headers.host}/orders`, authorization_servers: [server.origin] } }
      : { status: headers.authorization === undefined ? 401 : 200, body: { path } },
  );
  const resource = `${api.origin}/orders`;
  const environment = { OAUTH_CLIENT_ID: 'orders', OAUTH_CLIENT_SECRET: 'a-secret', HOME: await temporaryFolder() };
  const flags = ['--protected-resource', resource, '--issuers', server.origin];
  const run = (argv: readonly string[], more: Record<string, string> = {}) =>
    runCommand(argv, { environment: { ...environment, ...more } });
  return { server, api, resource, flags, run };
}

const form = ({ body }: { readonly body: string }) => Object.fromEntries(new URLSearchParams(body));

test('token asks the authorization server that the API names, for a token of this API', async () => {
  const { server, resource, flags, run } = await start();

  const outcome = await run(['token', ...flags]);

  expect(outcome).toMatchObject({ exitCode: 0, stdout: 'token-1\n', stderr: '' });
  expect(server.grants.map(form)).toEqual([{ grant_type: 'client_credentials', resource }]);
});

test('the variables have the same effect, and a flag for another server overrides both', async () => {
  const { server, resource, run } = await start();
  const variables = { OAUTH_PROTECTED_RESOURCE: resource, OAUTH_ISSUERS: `https://auth.example.com ${server.origin}` };

  expect(await run(['token'], variables)).toMatchObject({ exitCode: 0, stdout: 'token-1\n' });
  expect(await run(['token', '--issuer', server.origin], variables)).toMatchObject({
    exitCode: 0,
    stdout: 'token-2\n',
  });

  expect(server.grants.map(form)).toEqual([
    { grant_type: 'client_credentials', resource },
    { grant_type: 'client_credentials' },
  ]);
});

test.each([
  [
    'an issuer that is not listed',
    ['--issuers', 'https://auth.example.com'],
    'which is not in --issuers, so it gets no credentials',
  ],
  [
    'no list',
    [],
    '--protected-resource requires --issuers: the authorization servers that may receive the credentials',
  ],
])('nothing is sent with %s, and the message names the flags', async (_what, more, message) => {
  const { server, resource, run } = await start();

  const { exitCode, stderr } = await run(['token', '--protected-resource', resource, ...more]);

  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
  expect(server.grants).toEqual([]);
});

test.each([
  ['--issuer', '--protected-resource'],
  ['--token-endpoint', '--protected-resource'],
  ['--issuer', '--issuers'],
])('%s and %s are wrong usage', async (first, second) => {
  const { run } = await start();

  const { exitCode, stderr } = await run([
    'token',
    first,
    'https://auth.example.com/token',
    second,
    'https://api.example.com',
  ]);

  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/cannot be combined/) });
});

test('a URL with a password is an error that does not repeat it', async () => {
  const { run } = await start();

  const { exitCode, stderr } = await run(['token', '--protected-resource', 'https://a:c4n4ry@api.example.com']);

  expect(exitCode).toBe(2);
  expect(stderr).toContain('the URL of --protected-resource contains credentials');
  expect(stderr).not.toContain('c4n4ry');
});

test('a cached token is used for the same API and issuers only', async () => {
  const { server, resource, flags, run } = await start();
  const more = ['--protected-resource', resource, '--issuers', `${server.origin} https://auth.example.com`];

  const outputs = [];
  for (const argv of [flags, flags, more]) outputs.push((await run(['token', '--cache', ...argv])).stdout);

  expect(outputs).toEqual(['token-1\n', 'token-1\n', 'token-2\n']);
});

test('doctor reads the metadata of the API, then checks the server that they name', async () => {
  const { server, resource, flags, run } = await start();

  const { exitCode, stdout } = await run(['doctor', ...flags, resource]);

  expect(stdout).toContain(`· protectedResource ${resource} (--protected-resource)`);
  expect(stdout).toContain(
    `✓ the metadata of ${resource} names the issuer ${server.origin} and the token endpoint ${server.tokenEndpoint}`,
  );
  expect(stdout).toContain(`accepts connections at port ${new URL(server.origin).port}`);
  expect(stdout).not.toContain('✗');
  expect(exitCode).toBe(0);
});

test('doctor says which settings to correct if the API names another authorization server', async () => {
  const { resource, run } = await start();

  const argv = ['doctor', '--protected-resource', resource, '--issuers', 'https://auth.example.com'];
  const { exitCode, stdout } = await run(argv);

  expect(exitCode).toBe(2);
  expect(stdout).toContain('  → correct the protected resource and its issuers, or set --issuer instead');
});

test('doctor --try-methods tries a method that the metadata of the named server does not list', async () => {
  const { server, flags, run } = await start({ token_endpoint_auth_methods_supported: ['client_secret_basic'] });
  server.script(({ headers }) =>
    headers.authorization === undefined ? granted('token') : refused('invalid_client', { status: 401 }),
  );

  const { stdout } = await run(['doctor', '--try-methods', ...flags]);

  expect(stdout).toContain('✓ client_secret_post works');
  expect(stdout).toContain(
    `and --token-endpoint ${server.tokenEndpoint}, because the metadata does not list this method`,
  );
});

test('call --print prints a program for the server that the API names', async () => {
  const { server, resource, flags, run } = await start();

  const { exitCode, stdout } = await run(['call', ...flags, '--print', 'curl', resource]);

  expect(exitCode).toBe(0);
  expect(stdout).toContain(server.tokenEndpoint);
  expect(stdout).toContain(resource);
  expect(stdout).toMatch(/--data-urlencode '?resource=/);
});

test('revoke finds the revocation endpoint of the server that the API names', async () => {
  const revocation = await startHttpServer(() => ({}));
  const server = await startAuthorizationServer({ metadata: { revocation_endpoint: `${revocation.origin}/revoke` } });
  const api = await startHttpServer(({ headers }) => ({
    body: { resource: `http://${headers.host}/orders`, authorization_servers: [server.origin] },
  }));
  const environment = {
    OAUTH_CLIENT_ID: 'orders',
    OAUTH_CLIENT_SECRET: 'a-secret',
    OAUTH_PROTECTED_RESOURCE: `${api.origin}/orders`,
    OAUTH_ISSUERS: server.origin,
    HOME: await temporaryFolder(),
  };

  const outcome = await runCommand(['revoke'], { environment, stdin: 'a-token' });

  expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
  expect(revocation.requests.map(form)).toEqual([{ token_type_hint: 'access_token', token: 'a-token' }]);
});
