import { expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../../support/authorization-server.js';
import { freePort } from '../../support/free-port.js';
import { type Answer, startHttpServer } from '../../support/http-server.js';
import { eventually, startProgram } from '../../support/running-program.js';

const timeoutMs = 60_000;

async function start({ lifetimeSeconds = 3_600 } = {}) {
  const revocations = await startHttpServer(() => ({}));
  const server = await startAuthorizationServer({ metadata: { revocation_endpoint: `${revocations.origin}/revoke` } });
  const grant = () => granted(`token-${server.grants.length}`, { expires_in: lifetimeSeconds });
  server.script(grant);
  // Answers when the test says so.
  const held: (() => void)[] = [];
  const api = await startHttpServer(() => new Promise<Answer>((resolve) => held.push(() => resolve({ status: 201 }))));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const run = () =>
    startProgram('examples/graceful-shutdown.ts', {
      environment: {
        OAUTH_ISSUER: server.origin,
        OAUTH_CLIENT_ID: 'orders-service',
        OAUTH_CLIENT_SECRET: 'a-secret',
        API_URL: api.origin,
        PORT: `${port}`,
      },
    });
  const statusOf = async (path: string) => (await fetch(`${url}${path}`)).status;
  return { server, revocations, api, held, run, url, statusOf, grant };
}

test(
  'graceful-shutdown.ts finishes the calls under way after SIGTERM, then revokes its token and ends',
  async () => {
    const { run, statusOf, api, held, url, revocations } = await start();
    const program = await run();
    await program.printed(/^ready$/m);
    expect([await statusOf('/healthz'), await statusOf('/readyz')]).toEqual([200, 200]);
    const calls = [1, 2, 3].map((order) => statusOf(`/orders/${order}`));
    await eventually(() => api.requests.length === 3);

    program.kill('SIGTERM');

    await eventually(() =>
      fetch(`${url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    expect(revocations.requests).toEqual([]);
    held.forEach((respond) => respond());
    expect(await Promise.all(calls)).toEqual([201, 201, 201]);
    const answeredAt = performance.now();
    expect(await program.ended).toEqual({ exitCode: 0, stdout: 'ready\nrevoked true\n', stderr: '' });
    // The client would keep its connections for 4 s.
    expect(performance.now() - answeredAt).toBeLessThan(3_000);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer token-1'));
    expect(revocations.requests.map(({ body }) => new URLSearchParams(body).get('token'))).toEqual(['token-1']);
  },
  timeoutMs,
);

test(
  'graceful-shutdown.ts is not ready while it has no token, and is ready again without a call',
  async () => {
    const { run, statusOf, server, grant, revocations } = await start({ lifetimeSeconds: 2 });
    const program = await run();
    await program.printed(/^ready$/m);

    server.script(refused('temporarily_unavailable', { status: 503 }));
    await eventually(async () => (await statusOf('/readyz')) === 503);
    expect(await statusOf('/healthz')).toBe(200);
    await program.printed(/not renewed: .* is not available \(.*HTTP 503/);
    server.script(grant);
    await eventually(async () => (await statusOf('/readyz')) === 200);
    program.kill('SIGTERM');

    expect(await program.ended).toMatchObject({ exitCode: 0, stdout: 'ready\nrevoked true\n' });
    expect(revocations.requests).toHaveLength(1);
    expect(program.output()).not.toMatch(/token-\d|a-secret/);
  },
  timeoutMs,
);

test(
  'graceful-shutdown.ts does not listen without a token',
  async () => {
    const { run, server, statusOf } = await start();
    server.script(refused('invalid_client', { status: 401 }));

    const program = await run();

    expect(await program.ended).toMatchObject({ exitCode: 1, stdout: '' });
    await expect(statusOf('/healthz')).rejects.toThrow('fetch failed');
    expect(program.output()).toContain('ERR_GRANT_REJECTED');
    expect(program.output()).not.toContain('a-secret');
  },
  timeoutMs,
);

test(
  'graceful-shutdown.ts ends on SIGTERM while it waits for its first token',
  async () => {
    const { run, server } = await start();
    server.script(() => undefined);
    const program = await run();
    await eventually(() => server.grants.length > 0);

    program.kill('SIGTERM');

    // By the handler: as process 1 of a container, a process without one does not end.
    expect(await program.ended).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('AbortError'),
    });
  },
  timeoutMs,
);
