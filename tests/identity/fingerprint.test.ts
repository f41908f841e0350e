import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { authenticatorOf } from '../../src/authentication/client-authentication.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { executable, kubernetesServiceAccount, url } from '../../src/identity/index.js';
import { createTokenService } from '../../src/service/token-service.js';
import { refused, startAuthorizationServer } from '../support/authorization-server.js';
import { startHttpServer } from '../support/http-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { unsignedJwt } from '../support/identity-tokens.js';

/** A program that prints another token, of unknown expiry, in each run. */
async function program() {
  const path = join(await temporaryFolder(), 'runs');
  await writeFile(path, '');
  const script = `const { appendFileSync, readFileSync } = require('node:fs');
    appendFileSync(process.argv[1], '.');
    const id_token = 'token-' + readFileSync(process.argv[1]).length;
    console.log(JSON.stringify({ version: 1, success: true, token_type: 'urn:ietf:params:oauth:token-type:jwt', id_token }))`;
  const source = executable({ command: [process.execPath, '-e', script, path] });
  return { source, count: async () => (await readFile(path, 'utf8')).length };
}

/** A URL that responds with another token, of unknown expiry, to each request. */
async function endpoint() {
  const server = await startHttpServer(() => ({ body: `token-${server.requests.length}` }));
  return { source: url({ url: `${server.origin}/token` }), count: async () => server.requests.length };
}

const prepare = [
  'orders',
  { issuer: 'https://auth.example.com', token_endpoint: 'https://auth.example.com/token' },
] as const;

test.each([
  ['executable', program],
  ['url', endpoint],
])('%s: a fingerprint asks for no token, and changes with the next one [D2]', async (_, start) => {
  const { source, count } = await start();
  const authentication = authenticatorOf(federatedAssertion(source));

  await authentication.prepare(...prepare);
  const prints = [await authentication.fingerprint(), await authentication.fingerprint()];
  expect(await count()).toBe(1);
  await authentication.prepare(...prepare);

  expect(prints[0]).toBe(prints[1]);
  expect(await authentication.fingerprint()).not.toBe(prints[0]);
  expect(await count()).toBe(2);
});

test('a rejected assertion of a program does not end the pause after the rejection [D2]', async () => {
  const server = await startAuthorizationServer();
  server.script(refused('invalid_client', { status: 401 }));
  const { source, count } = await program();
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    clientId: 'orders',
    clientAuthentication: federatedAssertion(source),
  });
  await tokens.getToken().catch(() => undefined);
  const [grants, runs] = [server.grants.length, await count()];

  await expect(tokens.getToken()).rejects.toThrow('invalid_client');

  expect([server.grants.length, await count()]).toEqual([grants, runs]);
  // One run for each grant.
  expect(runs).toBe(grants);
});

test('a changed file changes the fingerprint without a grant [D2]', async () => {
  const path = join(await temporaryFolder(), 'token');
  const write = (sub: string) => writeFile(path, unsignedJwt({ sub, exp: 9e9 }));
  await write('one');
  const authentication = authenticatorOf(federatedAssertion(kubernetesServiceAccount({ path })));
  const first = await authentication.fingerprint();

  await write('two');

  expect(await authentication.fingerprint()).not.toBe(first);
});
