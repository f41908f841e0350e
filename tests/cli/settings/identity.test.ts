import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { parametersIn } from '../../support/client-assertions.js';
import { startAuthorizationServer } from '../../support/authorization-server.js';
import { runCommand } from '../../support/command.js';
import { startHttpServer } from '../../support/http-server.js';
import { setVariables, unsignedJwt } from '../../support/identity-tokens.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const audience = 'https://auth.example.com';
const claims = { iss: 'https://platform.example', sub: 'spiffe://example.org/orders', aud: audience };
const jwt = unsignedJwt({ ...claims, exp: Math.floor(Date.now() / 1_000) + 600 });

/** Runs a command at a server, with a file that holds a token in place of `<path>`. */
async function ran(argv: readonly string[], token = jwt) {
  const server = await startAuthorizationServer();
  const HOME = await temporaryFolder();
  const path = join(HOME, 'token');
  await writeFile(path, `${token}\n`);
  const [command = '', ...flags] = argv.map((word) => word.replace('<path>', path));
  const given = [command, '--token-endpoint', server.tokenEndpoint, ...flags];
  const outcome = await runCommand(given, { environment: { HOME } });
  return { ...outcome, path, server, sent: server.grants.map((grant) => parametersIn(grant)) };
}

const endpoint = async (body: object | string) => {
  const server = await startHttpServer(() => ({ body }));
  return server;
};

const platforms: Readonly<Record<string, () => Promise<string[]>>> = {
  kubernetes: async () => ['--identity-path', '<path>', '--identity-audience', audience],
  spiffe: async () => ['--identity-path', '<path>', '--identity-audience', audience],
  async aws() {
    const path = join(await temporaryFolder(), 'token');
    await writeFile(path, jwt);
    setVariables({ AWS_WEB_IDENTITY_TOKEN_FILE: path });
    return ['--identity-audience', audience];
  },
  async gitlab() {
    setVariables({ AUTH_TOKEN: jwt });
    return ['--identity-variable', 'AUTH_TOKEN'];
  },
  async github() {
    const { origin } = await endpoint({ value: jwt });
    setVariables({ ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/token`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 's3cret' });
    return ['--identity-audience', audience];
  },
  async azure() {
    const { origin } = await endpoint({ access_token: jwt });
    setVariables({ AZURE_POD_IDENTITY_AUTHORITY_HOST: origin });
    return ['--identity-resource', 'api://orders', '--identity-account', 'c1'];
  },
  async gcp() {
    const { origin } = await endpoint(jwt);
    setVariables({ GCE_METADATA_HOST: new URL(origin).host });
    return ['--identity-audience', audience, '--identity-account', 'o@p.iam.gserviceaccount.com'];
  },
  async executable() {
    const path = join(await temporaryFolder(), 'program.cjs');
    const response = { version: 1, success: true, token_type: 'urn:ietf:params:oauth:token-type:jwt', id_token: jwt };
    await writeFile(path, `console.log(${JSON.stringify(JSON.stringify(response))})`);
    return ['--identity-command', `${process.execPath} ${path}`];
  },
  async url() {
    const { origin } = await endpoint({ id_token: jwt });
    return ['--identity-url', `${origin}/token`, '--identity-member', 'id_token'];
  },
};

test.each(Object.keys(platforms))('the identity %s is the assertion of the grant', async (identity) => {
  const flags = (await platforms[identity]?.()) ?? [];

  const { stdout, stderr, exitCode, sent } = await ran(['token', '--grant', 'jwt_bearer', '--identity', identity, ...flags]); // prettier-ignore

  expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'token-1\n', stderr: '', exitCode: 0 });
  expect(sent).toEqual([{ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt }]);
});

test.each(Object.keys(platforms))(
  'the doctor names the place of %s and its claims, not the token',
  async (identity) => {
    const flags = (await platforms[identity]?.()) ?? [];

    const { stdout, exitCode } = await ran(['doctor', '--client-id', 'orders', '--identity', identity, ...flags]);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/✓ the client assertion comes from .*: the SPIFFE workload spiffe:\/\/example.org\/orders, for https:\/\/auth.example.com, valid for (10 min|9 min \d+ s)\n/); // prettier-ignore
    expect(stdout).not.toContain(jwt);
  },
);

const kubernetes = ['--identity', 'kubernetes', '--identity-path', '<path>'];
const exchange = ['token', '--grant', 'token_exchange', '--subject-token-type', 'jwt'];

test('an identity is the client assertion of the client credentials grant', async () => {
  const { sent } = await ran(['token', '--client-id', 'orders', ...kubernetes]);

  expect(sent).toMatchObject([{ grant_type: 'client_credentials', client_id: 'orders', client_assertion: jwt }]);
});

test('an identity is the subject token of token exchange', async () => {
  const { sent } = await ran([...exchange, ...kubernetes, '--requested-token-type', 'access_token']);

  expect(sent).toEqual([
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: jwt,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    },
  ]);
});

test('with a subject and an actor token from files, an identity is the client assertion', async () => {
  const actor = [
    '--client-id',
    'orders',
    '--subject-token-file',
    '<path>',
    '--actor-token-file',
    '<path>',
    '--actor-token-type',
    'access_token',
  ];

  const { sent } = await ran([...exchange, ...actor, ...kubernetes]);

  expect(sent).toMatchObject([
    { subject_token: jwt, actor_token: jwt, actor_token_type: expect.stringMatching(/access_token$/), client_assertion: jwt }, // prettier-ignore
  ]);
});

test('one assertion serves the grant and the client if --auth-method says so', async () => {
  const flags = ['--client-id', 'orders', '--assertion-file', '<path>', '--auth-method', 'federated_assertion'];

  const { sent } = await ran(['token', '--grant', 'jwt_bearer', ...flags]);

  expect(sent).toMatchObject([{ assertion: jwt, client_assertion: jwt }]);
});

test('a public client sends its id alone', async () => {
  const { sent } = await ran(['token', '--grant', 'jwt_bearer', '--client-id', 'orders', '--assertion-file', '<path>']);

  expect(sent).toEqual([
    { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt, client_id: 'orders' },
  ]);
});

test.each<[readonly string[], number, RegExp]>([
  [['--identity', 'docker'], 2, /the identity "docker" is unknown\n.*--identity to one of kubernetes/],
  [['--identity', 'spiffe'], 2, /the identity "spiffe" needs --identity-path/],
  [['--identity', 'azure', '--identity-audience', 'a', '--identity-resource', 'r'], 2, /has no --identity-audience/],
  [['--identity', 'kubernetes'], 2, /does not exist.*\n.*projected volume.*--identity-path/],
  [
    [...kubernetes, '--identity-audience', 'https://other'],
    2,
    /not "https:\/\/other".*\n.*correct --identity-audience/,
  ],
  [['--identity', 'github'], 2, /ACTIONS_ID_TOKEN_REQUEST_URL is missing\n.*id-token: write/],
  [['--identity', 'aws', '--identity-audience', 'a'], 2, /AWS_WEB_IDENTITY_TOKEN_FILE is missing\n.*EKS/],
  [['--identity', 'url', '--identity-url', 'http://127.0.0.1:1/'], 4, /could not be reached.*\n.*--identity-url/],
  [['--identity', 'url', '--identity-url', 'https://u:p@a/'], 2, /the URL of --identity-url contains credentials/],
  [['--identity', 'executable', '--identity-command', 'relative s3cret'], 2, /absolute path/],
  [
    [...kubernetes, '--assertion-file', '<path>', '--grant', 'token_exchange'],
    2,
    /"subjectTokenType"|--subject-token-type/,
  ],
  [[...kubernetes, '--grant', 'password'], 2, /the grant "password" is unknown/],
  [[...kubernetes, '--client-secret-file', '<path>'], 2, /--client-secret-file and --identity cannot be combined/],
])('refuses %j', async (flags, exitCode, message) => {
  for (const command of ['token', 'doctor']) {
    const { stdout, stderr, ...outcome } = await ran([command, '--client-id', 'orders', ...flags]);

    expect(stdout + stderr).toMatch(message);
    expect(stdout + stderr).not.toContain(jwt);
    expect(stdout + stderr).not.toContain('s3cret');
    expect(outcome).toMatchObject({ exitCode, sent: [] });
  }
});

test('config shows the program of an identity without its arguments', async () => {
  const { stdout } = await ran(['config', '--identity', 'executable', '--identity-command', '/bin/id --key s3cret']);

  expect(stdout).toContain('/bin/id [2 redacted]');
});

test('the cache keeps the tokens of subjects apart, and a rotated token has the same entry', async () => {
  const server = await startAuthorizationServer();
  const HOME = await temporaryFolder();
  const path = join(HOME, 'token');
  const tokenOf = async (sub: string, iat: number) => {
    await writeFile(path, unsignedJwt({ ...claims, sub, iat }));
    const flags = ['--token-endpoint', server.tokenEndpoint, '--grant', 'jwt_bearer', '--assertion-file', path];
    return (await runCommand(['token', '--cache', ...flags], { environment: { HOME } })).stdout.trim();
  };

  const tokens = [await tokenOf('a', 1), await tokenOf('b', 1), await tokenOf('a', 2)];

  expect(tokens).toEqual(['token-1', 'token-2', 'token-1']);
});

test('a call with another grant is not printed as a program', async () => {
  const flags = ['--grant', 'jwt_bearer', '--assertion-file', '<path>', '--print', 'curl', 'https://api.example'];

  expect(await ran(['call', ...flags])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--print supports the client credentials grant only'),
  });
});
