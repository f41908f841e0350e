import { setTimeout } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../../support/authorization-server.js';
import { startHttpServer } from '../../support/http-server.js';
import { posixTest } from '../../support/posix-test.js';
import { startResourceServer } from '../../support/resource-server.js';
import { until } from '../../support/until.js';
import { startFunction } from './execution-environment.js';

// The function runs in a process of its own.
const timeoutMs = 60_000;
const secret = 'a-secret-of-a-client';
const event = { path: '/orders' };
const answered = { outcome: 'response', body: { statusCode: 200, body: expect.stringContaining('/orders') } };

async function surroundings() {
  const revocations = await startHttpServer(() => ({}));
  const revocationEndpoint = `${revocations.origin}/revoke`;
  const authorizationServer = await startAuthorizationServer({ metadata: { revocation_endpoint: revocationEndpoint } });
  const api = await startResourceServer();
  const start = (environment: Readonly<Record<string, string>> = {}) =>
    startFunction({
      OAUTH_ISSUER: authorizationServer.origin,
      OAUTH_CLIENT_ID: 'orders-service',
      OAUTH_CLIENT_SECRET: secret,
      API_URL: api.origin,
      ...environment,
    });
  const seen = () => api.requests.map(({ headers }) => headers.authorization);
  return { authorizationServer, api, revocations, start, seen };
}

test(
  'the token of the init phase serves all invocations until the API rejects it, and is revoked at the end',
  async () => {
    const { authorizationServer, api, revocations, start, seen } = await surroundings();
    const lambda = await start();
    expect(authorizationServer.grants).toHaveLength(1);

    const first = [await lambda.invoke(event), await lambda.invoke(event)];
    api.revoke('token-1');
    const second = await lambda.invoke(event);
    const exitCode = await lambda.shutDown();

    expect([...first, second]).toEqual([answered, answered, answered]);
    expect(seen()).toEqual(['token-1', 'token-1', 'token-1', 'token-2'].map((token) => `Bearer ${token}`));
    expect(authorizationServer.grants).toHaveLength(2);
    expect(exitCode).toBe(0);
    expect(revocations.requests.map(({ body }) => new URLSearchParams(body).get('token'))).toEqual(['token-2']);
    expect(lambda.output()).toBe('');
  },
  timeoutMs,
);

posixTest(
  'a token that expired during a freeze is renewed before the next request [C2]',
  async () => {
    const { authorizationServer, start, seen } = await surroundings();
    authorizationServer.script(granted('token-1', { expires_in: 1 }), granted('token-2'));
    const lambda = await start();

    await lambda.freeze();
    await setTimeout(1_100);
    lambda.thaw();

    expect(await lambda.invoke(event)).toEqual(answered);
    expect(seen()).toEqual(['Bearer token-2']);
  },
  timeoutMs,
);

posixTest(
  'a token is renewed after a freeze in which the monotonic clock stopped and the wall clock jumped [C2]',
  async () => {
    const { start, seen } = await surroundings();
    const lambda = await start({ MONOTONIC: 'stopped' });
    await lambda.invoke(event);

    await lambda.freeze();
    lambda.thaw();
    await lambda.moveClock('SIGHUP');

    expect(await lambda.invoke(event)).toEqual(answered);
    expect(seen()).toEqual(['Bearer token-1', 'Bearer token-2']);
  },
  timeoutMs,
);

posixTest(
  'a renewal that a freeze cut off is sent again, and its expired token is not used [B11 C2]',
  async () => {
    const { authorizationServer, start, seen } = await surroundings();
    let cutOff = (): void => undefined;
    authorizationServer.script(
      granted('token-1', { expires_in: 60 }),
      (_, response) => {
        cutOff = () => response.destroy();
        return undefined;
      },
      granted('token-3'),
    );
    const lambda = await start();
    await lambda.moveClock('SIGUSR2');

    const duringRenewal = await lambda.invoke(event);
    await until(() => authorizationServer.grants.length === 2);
    await lambda.freeze();
    cutOff();
    lambda.thaw();
    await lambda.moveClock('SIGHUP');
    const afterFreeze = await lambda.invoke(event);

    expect([duringRenewal, afterFreeze]).toEqual([answered, answered]);
    expect(seen()).toEqual(['Bearer token-1', 'Bearer token-3']);
    expect(authorizationServer.grants).toHaveLength(3);
  },
  timeoutMs,
);

test(
  'an outage during the init phase does not fail it, and a later invocation succeeds',
  async () => {
    const { authorizationServer, start, seen } = await surroundings();
    authorizationServer.script({ status: 503 });
    const lambda = await start();
    authorizationServer.script(granted('token-1'));

    await until(async () => (await lambda.invoke(event)).outcome === 'response');

    expect(lambda.initErrors).toEqual([]);
    expect(lambda.output()).toMatch(/HTTP 503/);
    expect(seen()).toEqual(['Bearer token-1']);
  },
  timeoutMs,
);

test(
  'a rejected client does not fail the init phase; the invocation reports what to do, without the secret',
  async () => {
    const { authorizationServer, api, start } = await surroundings();
    authorizationServer.script(refused('invalid_client', { status: 401, description: `wrong: ${secret}` }));
    const lambda = await start();

    const { outcome, body } = await lambda.invoke(event);

    expect(lambda.initErrors).toEqual([]);
    expect(lambda.output()).toMatch(/^http:\S+ rejected the grant of client "orders-service" \(invalid_client/);
    expect({ outcome, body }).toMatchObject({ outcome: 'error', body: { errorType: 'GrantRejectedError' } });
    expect(JSON.stringify(body)).toContain('invalid_client');
    expect(lambda.output() + JSON.stringify(body)).not.toContain(secret);
    expect(api.requests).toEqual([]);
  },
  timeoutMs,
);
