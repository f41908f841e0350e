import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { startAuthorizationServer } from '../../../support/authorization-server.js';
import { fakeClock } from '../../../support/clock.js';
import { type CommandOptions, runCommand, settingsFor } from '../../../support/command.js';
import { startDpopSurroundings } from '../../../support/dpop-service.js';
import { type Answer, startHttpServer } from '../../../support/http-server.js';
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

test('-X sets the method, and -s shows neither a spinner nor the status', async () => {
  // The clock of the test makes a spinner appear at once.
  const { stdout, stderr, api } = await call(
    ['-sX', 'DELETE'],
    { body: 'body' },
    { terminals: ['stdout', 'stderr'], context: { clock: { ...fakeClock(), sleep: async () => {} } } },
  );

  expect({ stdout, stderr }).toEqual({ stdout: 'body', stderr: '' });
  expect(api.requests).toMatchObject([{ method: 'DELETE' }]);
});

test('-v prints the heads of requests and responses without the token [F4]', async () => {
  const { stdout, stderr, api } = await call(['-v', '-H', 'X-A: 1'], {
    status: 202,
    headers: { 'x-echo': 'token-1', 'x-b': '2', date: 'now' },
    body: 'body',
  });

  expect(stdout).toBe('body');
  expect(stderr).toBe(`> GET /orders HTTP/1.1
> host: ${new URL(api.origin).host}
> authorization: Bearer [redacted]
> x-a: 1
>
< HTTP/1.1 202 Accepted
< connection: keep-alive
< date: now
< keep-alive: timeout=5
< transfer-encoding: chunked
< x-b: 2
< x-echo: [redacted]
<
`);
});

test('-v shows no proof [F4]', async () => {
  const { authorizationServer, api } = await startDpopSurroundings();

  const { stderr } = await runCommand(['call', api.origin, '--dpop', '-v'], {
    environment: settingsFor(authorizationServer.tokenEndpoint),
  });

  expect(stderr).toContain('> authorization: DPoP [redacted]\n> dpop: [redacted]\n');
});

test('-L follows redirects, and sends no token to another origin [R-42 E20]', async () => {
  const [server, api, elsewhere] = await Promise.all([
    startAuthorizationServer(),
    startResourceServer(),
    startHttpServer(() => ({ body: 'elsewhere' })),
  ]);
  api.answer(() => ({ status: 302, headers: { location: elsewhere.origin } }));

  const { stdout, stderr } = await runCommand(['call', api.origin, '-L', '-v'], {
    environment: settingsFor(server.tokenEndpoint),
  });

  expect(stdout).toBe('elsewhere');
  expect(elsewhere.requests[0]?.headers.authorization).toBeUndefined();
  expect(stderr.match(/> authorization/g)).toHaveLength(1);
});

test('-L has no printed program, which follows no redirects', async () => {
  const { exitCode, stderr } = await runCommand(['call', 'https://api.example.com', '-L', '--print', 'curl'], {
    environment: settingsFor('https://auth.example.com/token'),
  });

  expect(exitCode).toBe(2);
  expect(stderr).toContain('--print and --location cannot be combined');
});

test('-i prints the head of the response before the body', async () => {
  const { stdout } = await call(['-i'], { status: 202, headers: { 'x-a': '1' }, body: 'body' });

  expect(stdout).toMatch(/^HTTP\/1\.1 202 Accepted\r\n(.+\r\n)*x-a: 1\r\n\r\nbody$/);
});

test('-o writes the body to a file', async () => {
  const path = join(await temporaryFolder(), 'body');

  const { stdout } = await call(['-o', path], { body: Buffer.from([0, 255]) });

  expect(stdout).toBe('');
  expect(await readFile(path)).toEqual(Buffer.from([0, 255]));
});
