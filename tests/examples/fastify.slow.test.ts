import { expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { startHttpServer } from '../support/http-server.js';
import { posixTest } from '../support/posix-test.js';
import { startResourceServer } from '../support/resource-server.js';
import { eventually, startProgram } from '../support/running-program.js';

// The service runs in a process of its own.
const timeoutMs = 60_000;
const secret = 'a-secret-of-a-client';

async function surroundings() {
  const revocations = await startHttpServer(() => ({}));
  const revocationEndpoint = `${revocations.origin}/revoke`;
  const authorizationServer = await startAuthorizationServer({ metadata: { revocation_endpoint: revocationEndpoint } });
  const api = await startResourceServer();

  async function start() {
    return startProgram('examples/fastify/main.ts', {
      environment: {
        OAUTH_ISSUER: authorizationServer.origin,
        OAUTH_CLIENT_ID: 'orders-service',
        OAUTH_CLIENT_SECRET: secret,
        API_URL: api.origin,
        PORT: '0',
      },
    });
  }
  return { authorizationServer, api, revocations, start };
}

const addressIn = (log: string) => /Server listening at (http:[\w.:/]+)/.exec(log)?.[1];

posixTest(
  'a service with Fastify starts with a token, replaces a rejected one, and revokes it when it closes',
  async () => {
    const { authorizationServer, api, revocations, start } = await surroundings();
    api.revoke('token-1');
    const service = await start();
    await eventually(() => addressIn(service.output()) !== undefined);
    expect(authorizationServer.grants).toHaveLength(1);
    const origin = addressIn(service.output());

    const ready = await fetch(`${origin}/readyz`);
    const orders = await fetch(`${origin}/orders`);
    service.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await service.ended;

    expect([ready.status, await ready.json()]).toEqual([200, { isReady: true }]);
    expect([orders.status, await orders.json()]).toEqual([200, { method: 'GET', path: '/orders', body: '' }]);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(revocations.requests.map(({ body }) => new URLSearchParams(body).get('token'))).toEqual(['token-2']);
    expect(stdout).toContain('granted \\"orders-service\\" a token');
    expect(stdout).not.toMatch(/token-\d|a-secret/);
  },
  timeoutMs,
);

posixTest(
  'it is not ready without a token, and its responses and log hold no secret',
  async () => {
    const { authorizationServer, start } = await surroundings();
    authorizationServer.script(granted('token-1', { expires_in: 1 }), refused('invalid_client', { status: 401 }));
    const service = await start();
    await eventually(() => addressIn(service.output()) !== undefined);
    const origin = addressIn(service.output());

    await eventually(async () => (await fetch(`${origin}/readyz`)).status === 503);
    const orders = await fetch(`${origin}/orders`);

    expect([orders.status, await orders.json()]).toEqual([503, { message: 'The orders are not available' }]);
    expect(service.output()).toContain('invalid_client');
    expect(service.output()).not.toMatch(/token-\d|a-secret/);
  },
  timeoutMs,
);

test(
  'it does not start without a token, and says why',
  async () => {
    const answers = {
      rejecting: refused('invalid_client', { status: 401 }),
      down: { status: 503 },
      silent: () => undefined,
    };
    const starts = Object.entries(answers).map(async ([name, answer]) => {
      const { authorizationServer, start } = await surroundings();
      authorizationServer.script(answer);
      const { exitCode, stderr } = await (await start()).ended;
      return [name, exitCode, /^ {2}code: '(.+?)'/m.exec(stderr)?.[1], stderr.includes('a-secret')];
    });

    expect(await Promise.all(starts)).toEqual([
      ['rejecting', 1, 'ERR_GRANT_REJECTED', false],
      ['down', 1, 'ERR_GRANT_UNAVAILABLE', false],
      // Not an error of Fastify, which waits 10 s at most.
      ['silent', 1, 'ERR_GRANT_UNAVAILABLE', false],
    ]);
  },
  timeoutMs,
);
