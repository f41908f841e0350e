import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { gate } from '../../../support/adapter-service.js';
import { startAuthorizationServer } from '../../../support/authorization-server.js';
import { fakeClock } from '../../../support/clock.js';
import { type CommandOptions, runCommand, settingsFor } from '../../../support/command.js';
import { startDpopSurroundings } from '../../../support/dpop-service.js';
import { type Answer } from '../../../support/http-server.js';
import { startResourceServer } from '../../../support/resource-server.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** Calls an API with this response. */
async function call(argv: readonly string[], answer: Answer = { body: 'body' }, options: CommandOptions = {}) {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  api.answer(() => answer);
  const environment = { ...settingsFor(server.tokenEndpoint), ...options.environment };
  const outcome = await runCommand(['call', `${api.origin}/orders`, ...argv], { ...options, environment });
  return { ...outcome, server, api };
}

test('prints the body of the response to stdout, and nothing else', async () => {
  const { exitCode, stdout, stderr, api } = await call(['--json', '{}']);

  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'body', stderr: '' });
  expect(api.requests).toMatchObject([{ method: 'POST', body: '{}', headers: { authorization: 'Bearer token-1' } }]);
});

test('prints status and time on a terminal', async () => {
  const { stderr } = await call(
    [],
    { status: 418 },
    {
      terminals: ['stderr'],
      environment: { NO_COLOR: '1' },
      // No spinner, however long it takes.
      context: { clock: fakeClock() },
    },
  );

  expect(stderr).toMatch(/^418 I'm a Teapot \d+ ms\n$/);
});

test.each([
  ['body', 'body', '\n418 I'],
  ['body\n', 'body\n', '418 I'],
  ['', '', '418 I'],
])('the status is on a line of its own after the body %j on a terminal', async (body, stdout, status) => {
  const outcome = await call(
    [],
    { status: 418, body },
    { terminals: ['stdout', 'stderr'], environment: { NO_COLOR: '1' }, context: { clock: fakeClock() } },
  );

  expect(outcome.stdout).toBe(stdout);
  expect(outcome.stderr.startsWith(status)).toBe(true);
});

test('--fail shows the description of the challenge, without the token [A53 F4]', async () => {
  const { exitCode, stderr } = await call(['--fail'], {
    status: 403,
    headers: { 'www-authenticate': 'Bearer error="insufficient_scope", error_description="token-1 is for reading"' },
  });

  expect(exitCode).toBe(5);
  expect(stderr).toContain('responded with 403 (insufficient_scope, "[redacted] is for reading")');
});

test('fails if the file cannot be written', async () => {
  const path = join(await temporaryFolder(), 'missing', 'body');

  const { exitCode, stderr } = await call(['-o', path]);

  expect(exitCode).toBe(2);
  expect(stderr).toContain(`"${path}" cannot be written (ENOENT)`);
});

test.each([
  [[], 0, 'no'],
  [['--fail'], 5, ''],
])('exits after an error status with %j with %d', async (argv, exitCode, stdout) => {
  expect(await call(argv, { status: 404, body: 'no' })).toMatchObject({ exitCode, stdout });
});

test('--fail does not wait for the body', async () => {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  const { opened: closed, open } = gate();
  api.answer((_request, response) => {
    response.writeHead(500).write('without an end');
    response.once('close', open);
    return undefined;
  });

  const outcome = await runCommand(['call', '--fail', api.origin], { environment: settingsFor(server.tokenEndpoint) });
  await closed;

  expect(outcome).toMatchObject({ exitCode: 5, stdout: '' });
});

test('exits with 6 if the response breaks off', async () => {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  api.answer((_request, response) => {
    response.writeHead(200, { 'content-length': 10 });
    response.write('half', () => response.destroy());
    return undefined;
  });

  const outcome = await runCommand(['call', api.origin], { environment: settingsFor(server.tokenEndpoint) });

  expect(outcome).toMatchObject({ exitCode: 6, stdout: 'half' });
});

test('sends nothing without a token [E13]', async () => {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  server.script({ status: 401, body: { error: 'invalid_client' } });

  const outcome = await runCommand(['call', api.origin], { environment: settingsFor(server.tokenEndpoint) });

  expect(outcome.exitCode).toBe(3);
  expect(api.requests).toEqual([]);
});

test('--dry-run prints the request without its token, and sends nothing', async () => {
  const { exitCode, stdout, server, api } = await call(['--dry-run', '-d', 'a=1', '-H', 'X-A: 1']);

  expect(exitCode).toBe(0);
  expect(stdout).toBe(`POST /orders HTTP/1.1
Host: ${new URL(api.origin).host}
Authorization: Bearer [redacted]
Content-Type: application/x-www-form-urlencoded
X-A: 1

a=1
`);
  expect([...server.requests, ...api.requests]).toEqual([]);
});

test('--dry-run shows that there would be a proof [R-69]', async () => {
  const { stdout } = await call(['--dry-run', '--dpop']);

  expect(stdout).toContain('\nAuthorization: DPoP [redacted]\nDPoP: [redacted]\n');
});

test('--dpop sends a proof with the token, and another one with the nonce of the API [R-69 R-75]', async () => {
  const { authorizationServer, api, atApi, atTokenEndpoint } = await startDpopSurroundings();
  atTokenEndpoint.require('n1');
  atApi.require('n2');

  const outcome = await runCommand(['call', `${api.origin}/orders`, '--dpop', '-d', 'a=1'], {
    environment: settingsFor(authorizationServer.tokenEndpoint),
  });

  expect(outcome).toMatchObject({ exitCode: 0, stdout: '{"method":"POST","path":"/orders","body":"a=1"}', stderr: '' });
  expect(atApi.proofs).toMatchObject([{ nonce: 'n2', htm: 'POST', jkt: atTokenEndpoint.proofs[0]?.jkt }]);
});

test('--print prints the call for another tool, and sends nothing', async () => {
  const { exitCode, stdout, server, api } = await call(['--print', 'curl']);

  expect(exitCode).toBe(0);
  expect(stdout).toContain(`curl --globoff --request GET --oauth2-bearer "$ACCESS_TOKEN" ${api.origin}/orders`);
  expect([...server.requests, ...api.requests]).toEqual([]);
});

test.each(['wget', 'httpie', 'constructor'])('--print does not support %s', async (tool) => {
  const { exitCode, stderr } = await call(['--print', tool]);

  expect(exitCode).toBe(2);
  expect(stderr).toContain('use one of curl, python, javascript');
});
