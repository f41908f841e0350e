import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { startAuthorizationServer } from '../support/authorization-server.js';
import { clientCertificates } from '../support/client-certificates.js';
import { runCommand, settingsFor } from '../support/command.js';
import { outerAddress } from '../support/http-server.js';
import { startResourceServer } from '../support/resource-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const allow = '--dangerously-allow-http';
const startServers = () =>
  Promise.all([
    startAuthorizationServer({ address: outerAddress, metadata: {} }),
    startResourceServer(outerAddress),
  ] as const);

test('m2m call reaches the authorization server and the API that the flag names, by http [G1]', async () => {
  const [server, api] = await startServers();
  const environment = settingsFor(server.tokenEndpoint);

  const outcome = await runCommand(['call', `${api.origin}/orders`, allow, `${server.origin} ${api.origin}`], {
    environment,
  });

  expect(outcome).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"path":"/orders"') });
  expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1']);
});

test('the variable says the same, for an issuer and for --print [G1]', async () => {
  const [server] = await startServers();
  const environment = {
    OAUTH_ISSUER: server.origin,
    OAUTH_CLIENT_ID: 'orders',
    OAUTH_CLIENT_SECRET: 'secret',
    OAUTH_DANGEROUSLY_ALLOW_HTTP: server.origin,
  };

  expect(await runCommand(['token'], { environment })).toMatchObject({ exitCode: 0, stdout: 'token-1\n' });
  const printed = await runCommand(['call', 'https://api.example.com', '--print', 'curl'], { environment });
  expect(printed.stdout).toContain(server.tokenEndpoint);
});

test('other origins stay refused, and the error names the flag [G1]', async () => {
  const [server, api] = await startServers();
  const environment = settingsFor(server.tokenEndpoint);

  const token = await runCommand(['token', allow, api.origin], { environment });
  const call = await runCommand(['call', api.origin, allow, server.origin], { environment });

  expect(token).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`set ${allow} ${server.origin}\n`) });
  expect(call).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`set ${allow} ${api.origin}\n`) });
  expect([...server.requests, ...api.requests]).toEqual([]);
});

test('metadata that lead to another http origin are refused, in the terms of the command [G1]', async () => {
  const [other] = await startServers();
  const metadata = { token_endpoint: other.tokenEndpoint };
  const server = await startAuthorizationServer({ address: outerAddress, metadata });
  const { OAUTH_TOKEN_ENDPOINT: _, ...environment } = settingsFor('');

  const { exitCode, stderr } = await runCommand(['token', '--issuer', server.origin, allow, server.origin], {
    environment,
  });

  expect(exitCode).toBe(2);
  expect(stderr).toContain(
    `set --token-endpoint ${other.tokenEndpoint} and ${allow} ${other.origin} instead of --issuer`,
  );
  expect(other.requests).toEqual([]);
});

test('m2m doctor says that http is allowed, and what that means [G1]', async () => {
  const [server, api] = await startServers();
  const environment = { ...settingsFor(server.tokenEndpoint), OAUTH_DANGEROUSLY_ALLOW_HTTP: server.origin };

  const all = await runCommand(['doctor', api.origin, allow, `${server.origin} ${api.origin}`], { environment });
  const wrong = await runCommand(['doctor', allow, 'https://auth'], { environment });

  expect(all.exitCode).toBe(0);
  for (const origin of [server.origin, api.origin]) {
    expect(all.stdout).toContain(`! http to ${origin} is allowed (${allow}): this machine does not encrypt`);
  }
  expect(all.stdout).toContain(
    '→ use it only where a service mesh encrypts; otherwise an attacker in the network can read',
  );
  expect(wrong).toMatchObject({
    exitCode: 2,
    stdout: expect.stringContaining(`✗ ${allow} must hold origins such as "http://orders"`),
  });
});

test('it is not combined with a client certificate [G1]', async () => {
  const folder = await temporaryFolder();
  const { certificate, key } = clientCertificates.first;
  await writeFile(join(folder, 'certificate'), certificate);
  await writeFile(join(folder, 'key'), key);
  const files = ['--certificate-file', join(folder, 'certificate'), '--key-file', join(folder, 'key')];
  const settings = [...files, '--client-id', 'orders', allow, 'http://auth'];
  const message = `m2m: ${allow} cannot be combined with a client certificate, which requires https`;

  const outcomes = [
    await runCommand(['token', '--issuer', 'http://auth', ...settings]),
    await runCommand(['call', 'http://auth/api', '--issuer', 'https://auth', ...settings]),
  ];

  expect(outcomes).toEqual([
    { exitCode: 2, stdout: '', stderr: expect.stringContaining(message) },
    { exitCode: 2, stdout: '', stderr: expect.stringContaining(message) },
  ]);
});

test('m2m config, the help and the completion know it [G1]', async () => {
  const environment = { OAUTH_DANGEROUSLY_ALLOW_HTTP: 'http://auth http://orders' };

  expect((await runCommand(['config'], { environment })).stdout).toBe(
    'dangerouslyAllowHttp  http://auth http://orders  environment OAUTH_DANGEROUSLY_ALLOW_HTTP\n',
  );
  expect((await runCommand(['--help'])).stdout).toMatch(
    /OAUTH_DANGEROUSLY_ALLOW_HTTP +http origins of the authorization/,
  );
  expect((await runCommand(['token', '--help'])).stdout).toContain(`${allow} <origins>`);
  expect((await runCommand(['completion', 'bash'])).stdout).toContain(allow);
});
