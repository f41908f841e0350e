import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { gate } from '../support/adapter-service.js';
import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { buildCommand } from '../support/built-command.js';
import { settingsFor } from '../support/command.js';
import { startHttpServer } from '../support/http-server.js';
import { startTlsServer } from '../support/mutual-tls.js';
import { startResourceServer } from '../support/resource-server.js';

const command = await buildCommand();
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

test('from nothing to a token in one line', async () => {
  const server = await startAuthorizationServer({ metadata: {} });

  const outcome = await command.run(
    ['token', '--issuer', server.origin, '--client-id', 'orders', '--client-secret-file', '-'],
    {
      stdin: 'c4n4ry-s3cret\n',
    },
  );

  expect(outcome).toEqual({ exitCode: 0, stdout: 'token-1\n', stderr: '' });
});

test('prints its version', async () => {
  expect(await command.run(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

test('reports an error on stderr and by the exit code', async () => {
  expect(await command.run(['token'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `m2m: OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing
  → set OAUTH_ISSUER, --issuer, OAUTH_TOKEN_ENDPOINT, --token-endpoint, or a profile
`,
  });
});

test('ends without an error if the reader closes the pipe', async () => {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  api.answer(() => ({ body: Buffer.alloc(8 * 1024 * 1024) }));

  const { exitCode, stderr } = await command.run(['call', api.origin], {
    environment: settingsFor(server.tokenEndpoint),
    onStart: ({ stdout }) => stdout.once('data', () => stdout.destroy()),
  });

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

test('prints the body of a response in pieces, and sends stdin', async () => {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  const { opened: seen, open } = gate();
  api.answer(({ body }, response) => {
    response.write(body);
    void seen.then(() => response.end('second'));
    return undefined;
  });

  const { exitCode, stdout } = await command.run(['call', api.origin, '-d', '@-'], {
    environment: settingsFor(server.tokenEndpoint),
    stdin: 'first\n',
    onStart: (child) => child.stdout.once('data', open),
  });

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'first\nsecond' });
});

test.each([
  ['', '! HTTP_PROXY (http://127.0.0.1:1) is set'],
  ['.example.com', '! HTTP_PROXY (http://127.0.0.1:1) is set'],
  ['127.0.0.1', '✓ NO_PROXY excludes 127.0.0.1 from the proxy'],
  ['a.example.com, *', '✓ NO_PROXY excludes 127.0.0.1 from the proxy'],
])('the doctor reads the proxy from the environment: NO_PROXY=%s', async (NO_PROXY, finding) => {
  const server = await startAuthorizationServer();
  const environment = { ...settingsFor(server.tokenEndpoint), HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY };

  const { exitCode, stdout } = await command.run(['doctor'], { environment });

  expect(exitCode).toBe(0);
  expect(stdout).toContain(finding);
});

test('the doctor and token both work with NODE_TLS_REJECT_UNAUTHORIZED=0, and the doctor warns', async () => {
  const { origin } = await startTlsServer(() => granted('t0ken'));
  const environment = { ...settingsFor(`${origin}/token`), NODE_TLS_REJECT_UNAUTHORIZED: '0' };

  const [token, doctor] = await Promise.all([
    command.run(['token'], { environment }),
    command.run(['doctor'], { environment }),
  ]);

  expect([token.exitCode, doctor.exitCode]).toEqual([0, 0]);
  expect(doctor.stdout).toContain('! NODE_TLS_REJECT_UNAUTHORIZED=0 makes Node.js accept any certificate');
  expect(doctor.stdout).toContain('✓ the server issued a token');
});

test('a user without a home folder gets one sentence about it, and needs none without the cache [F15]', async () => {
  const server = await startHttpServer(({ path }) => (path === '/token' ? granted('t0ken') : {}));
  const environment = { ...settingsFor(`${server.origin}/token`), HOME: '' };
  const revocation = ['--revocation-endpoint', `${server.origin}/revoke`];

  const [cached, token, revoked] = await Promise.all([
    command.run(['token', '--cache'], { environment }),
    command.run(['token'], { environment }),
    command.run(['revoke', ...revocation], { environment, stdin: 't0ken' }),
  ]);

  expect(cached).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'm2m: the home folder of this user is unknown\n  → set HOME to a writable folder\n',
  });
  expect(token).toEqual({ exitCode: 0, stdout: 't0ken\n', stderr: '' });
  expect(revoked).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});
