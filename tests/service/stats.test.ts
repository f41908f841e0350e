import { describe, expect, test } from '@jest/globals';

import { clientSecretPost } from '../../src/authentication/client-secret.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { createTokenService } from '../../src/service/token-service.js';
import { memoryStore } from '../../src/stores/memory.js';
import type { TokenStore } from '../../src/stores/token-store.js';
import { granted, refused } from '../support/authorization-server.js';
import { failureOf, linesThatShow, secret } from '../support/grant-outcome.js';
import { signingKey } from '../support/signing-keys.js';
import { type RunningTokenService, startTokenService } from '../support/token-service.js';
import { settle } from '../support/tokens.js';
import { until } from '../support/until.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** A service without retries, whose backoff after the first failure is half a second. */
const startService = (options: Parameters<typeof startTokenService>[0] = {}) =>
  startTokenService({ retry: { retries: 0 }, random: () => 0.5, ...options });

/** A service whose token expires in five minutes, and is due for renewal. */
async function startWithDueToken(options: Parameters<typeof startTokenService>[0] = {}) {
  const service = await startService(options);
  await service.tokens.getToken();
  service.clock.advance(hour - 5 * minute);
  return service;
}

/** Starts a renewal in the background, and waits until it has ended. */
async function renew({ tokens, server, events }: RunningTokenService): Promise<void> {
  const [grants, ended] = [server.grants.length, events.length];
  await tokens.getToken();
  await until(() => server.grants.length > grants && events.length > ended);
  await settle();
}

const unavailable = { status: 503, body: 'no' };

test('a new service has neither tokens nor counts', async () => {
  const { tokens, server } = await startService({ name: 'billing' });

  expect(tokens.stats()).toEqual({
    service: 'billing',
    clientId: 'orders',
    authorizationServer: server.tokenEndpoint,
    grantType: 'client_credentials',
    tokens: [],
    cache: { size: 0, maxTokens: 1000, evictions: 0 },
    requests: { memory: 0, shared_store: 0, grant: 0, joined: 0, error: 0 },
    store: undefined,
    credential: undefined,
    clockSkewMs: 0,
  });
});

test('the authorization server is named without a query, and the service by its client identifier', () => {
  const issuer = 'http://localhost:1/tenant?key=s3cret';
  const tokens = createTokenService({ issuer, clientId: 'orders', clientSecret: secret });

  expect(tokens.stats()).toMatchObject({
    service: 'orders',
    authorizationServer: 'http://localhost:1/tenant?...',
  });
});

test('a snapshot does not change later', async () => {
  const { tokens } = await startService();
  const before = tokens.stats();
  const text = JSON.stringify(before);

  await tokens.getToken();

  expect(JSON.stringify(before)).toBe(text);
});

test('a snapshot shows neither the token nor the secret', async () => {
  const { tokens, server } = await startService({ parameters: { ticket: 'another-s3cret' } });
  server.script(granted('t0ken'));
  await tokens.getToken();

  for (const text of [secret, 't0ken', 'another-s3cret']) expect(linesThatShow(text, tokens.stats())).toEqual([]);
});

describe('of a token request, a snapshot shows', () => {
  test('scope, resource, audience and times, after the first grant', async () => {
    const { tokens, clock } = await startService();
    const request = { scope: ['b', 'a'], resource: 'https://api.example', audience: ['y', 'x'] };
    const now = clock.now();

    await tokens.getToken(request);
    clock.advance(minute);

    expect(tokens.stats().tokens).toEqual([
      {
        requestedScope: 'a b',
        resource: ['https://api.example'],
        audience: ['x', 'y'],
        expiresAt: now + hour,
        renewedAt: now,
        failingSince: undefined,
        suppressedUntil: undefined,
        lastErrorCode: undefined,
      },
    ]);
  });

  test('since when its renewal fails, and until when none is sent, while its token is valid', async () => {
    const service = await startWithDueToken();
    const { tokens, server, clock } = service;
    const failedAt = clock.now();
    server.script(unavailable);

    await renew(service);

    expect(tokens.stats().tokens).toMatchObject([
      {
        expiresAt: failedAt + 5 * minute,
        renewedAt: failedAt + 5 * minute - hour,
        failingSince: failedAt,
        suppressedUntil: failedAt + second / 2,
        lastErrorCode: 'ERR_GRANT_UNAVAILABLE',
      },
    ]);
  });

  test('the first of several failures, and the code of the last one', async () => {
    const service = await startWithDueToken();
    const { tokens, server, clock } = service;
    const failedAt = clock.now();
    server.script(unavailable, refused('invalid_client', { status: 401 }));

    await renew(service);
    clock.advance(10 * second);
    expect(tokens.stats().tokens).toMatchObject([{ suppressedUntil: undefined }]);
    await renew(service);

    expect(tokens.stats().tokens).toMatchObject([
      {
        failingSince: failedAt,
        suppressedUntil: failedAt + 10 * second + 5 * second,
        lastErrorCode: 'ERR_GRANT_REJECTED',
      },
    ]);
  });

  test('the end of a Retry-After', async () => {
    const service = await startWithDueToken();
    const { tokens, server, clock } = service;
    server.script({ ...unavailable, headers: { 'retry-after': '120' } });

    await renew(service);
    const suppressedUntil = clock.now() + 120 * second;
    clock.advance(second);
    await tokens.getToken();

    expect(tokens.stats().tokens).toMatchObject([{ suppressedUntil }]);
  });

  test('no failure after the renewal has recovered', async () => {
    const service = await startWithDueToken();
    const { tokens, server, clock } = service;
    server.script(unavailable, granted('token-2'));

    await renew(service);
    clock.advance(10 * second);
    await renew(service);

    expect(tokens.stats().tokens).toMatchObject([
      {
        expiresAt: clock.now() + hour,
        renewedAt: clock.now(),
        failingSince: undefined,
        suppressedUntil: undefined,
        lastErrorCode: undefined,
      },
    ]);
  });

  test('when its token expired, and that it has failed since before', async () => {
    const service = await startWithDueToken();
    const { tokens, server, clock } = service;
    const failingSince = clock.now();
    const expiresAt = failingSince + 5 * minute;
    server.script(unavailable);

    await renew(service);
    clock.advance(10 * minute);
    await failureOf(tokens.getToken());

    expect(tokens.stats().tokens).toMatchObject([{ expiresAt, failingSince, lastErrorCode: 'ERR_GRANT_UNAVAILABLE' }]);
  });

  test('a failed first grant, until one succeeds', async () => {
    const { tokens, server, clock } = await startService();
    const failedAt = clock.now();
    server.script(refused('invalid_scope'), granted('a'));

    await failureOf(tokens.getToken({ scope: 'a' }));
    const failing = tokens.stats();
    clock.advance(minute);
    await tokens.getToken({ scope: 'a' });

    expect(failing.tokens).toEqual([
      {
        requestedScope: 'a',
        resource: [],
        audience: [],
        expiresAt: undefined,
        renewedAt: undefined,
        failingSince: failedAt,
        suppressedUntil: failedAt + 5 * second,
        lastErrorCode: 'ERR_GRANT_REJECTED',
      },
    ]);
    expect(failing.cache.size).toBe(0);
    expect(tokens.stats().tokens).toMatchObject([{ expiresAt: clock.now() + hour, failingSince: undefined }]);
  });

  test('a failure while grants are suppressed, with its remaining time', async () => {
    const { tokens, server, clock } = await startService();
    const failedAt = clock.now();
    server.script(refused('invalid_scope'));

    await failureOf(tokens.getToken());
    clock.advance(second);
    await failureOf(tokens.getToken());

    expect(server.grants).toHaveLength(1);
    expect(tokens.stats().tokens).toMatchObject([
      { failingSince: failedAt, suppressedUntil: failedAt + 5 * second, lastErrorCode: 'ERR_GRANT_REJECTED' },
    ]);
  });
});

describe('a snapshot leaves out', () => {
  test('an expired token that no caller needs', async () => {
    const { tokens, clock } = await startService();
    await tokens.getToken();

    clock.advance(hour);

    expect(tokens.stats()).toMatchObject({ tokens: [], cache: { size: 1 } });
  });

  test('a revoked token', async () => {
    const { tokens } = await startService();
    await tokens.getToken();

    await tokens.revoke();

    expect(tokens.stats().tokens).toEqual([]);
  });

  test('a failure that is more than an hour old', async () => {
    const { tokens, server, clock } = await startService();
    server.script(refused('invalid_scope'));
    await failureOf(tokens.getToken());
    clock.advance(30 * minute);
    await failureOf(tokens.getToken());

    clock.advance(hour);
    expect(tokens.stats().tokens).toHaveLength(1);
    clock.advance(1);
    expect(tokens.stats().tokens).toEqual([]);
  });

  test('all but the last failures, as many as there may be tokens', async () => {
    const { tokens, server } = await startService({ cache: { maxTokens: 2 } });
    server.script(refused('invalid_scope'));

    for (const scope of ['a', 'b', 'c']) await failureOf(tokens.getToken({ scope }));

    const scopes = tokens.stats().tokens.map(({ requestedScope }) => requestedScope);
    expect(new Set(scopes)).toEqual(new Set(['b', 'c']));
  });
});

test('a revoked token whose renewal fails has no expiry', async () => {
  const { tokens, server } = await startService();
  await tokens.getToken();
  server.script(unavailable);

  await tokens.revoke();
  await failureOf(tokens.getToken());

  const [state] = tokens.stats().tokens;
  expect(state).toMatchObject({ expiresAt: undefined, renewedAt: undefined, lastErrorCode: 'ERR_GRANT_UNAVAILABLE' });
});

test('tokens that were evicted are counted', async () => {
  const { tokens } = await startService({ cache: { maxTokens: 2 } });

  for (const scope of ['a', 'b', 'c']) await tokens.getToken({ scope });

  const { cache, tokens: states } = tokens.stats();
  expect(cache).toEqual({ size: 2, maxTokens: 2, evictions: 1 });
  expect(new Set(states.map(({ requestedScope }) => requestedScope))).toEqual(new Set(['b', 'c']));
});

describe('calls are counted', () => {
  test('by their source: memory, a grant, or the grant of another call', async () => {
    const { tokens, clock } = await startService();

    await Promise.all([tokens.getToken(), tokens.getToken(), tokens.getToken()]);
    for (let calls = 1; calls <= 5; calls += 1) await tokens.getToken();
    clock.advance(2 * second);
    await tokens.getToken();

    expect(tokens.stats().requests).toEqual({ memory: 6, shared_store: 0, grant: 1, joined: 2, error: 0 });
  });

  test('if the token comes from the shared store', async () => {
    const { tokens, server, clock } = await startService();
    const store = memoryStore({ clock });
    const { tokenEndpoint } = server;
    const replicas = [1, 2].map(() =>
      createTokenService({ tokenEndpoint, clientId: 'orders', clientSecret: secret, store, clock }),
    );

    for (const replica of replicas) {
      await replica.ready();
      await replica.getToken();
    }

    expect(tokens.stats().store).toBeUndefined();
    expect(replicas.map((replica) => replica.stats().requests)).toEqual([
      { memory: 1, shared_store: 0, grant: 1, joined: 0, error: 0 },
      { memory: 1, shared_store: 1, grant: 0, joined: 0, error: 0 },
    ]);
  });

  test('if they end with an error, but not if they were aborted', async () => {
    const { tokens, server } = await startService();
    server.script(unavailable);
    const controller = new AbortController();

    await failureOf(tokens.getToken());
    await failureOf(tokens.getToken());
    const aborted = failureOf(tokens.getToken({ scope: 'other' }, { signal: controller.signal }));
    controller.abort();
    await aborted;

    expect(tokens.stats().requests).toEqual({ memory: 0, shared_store: 0, grant: 0, joined: 0, error: 2 });
  });

  test('as one from memory while the renewal in the background fails', async () => {
    const service = await startWithDueToken();
    service.server.script(unavailable);

    await renew(service);

    expect(service.tokens.stats().requests).toEqual({ memory: 1, shared_store: 0, grant: 1, joined: 0, error: 0 });
  });
});

test('the store is shown as failing until it works again', async () => {
  let isBroken = false;
  const store: TokenStore = memoryStore();
  const unreliable: TokenStore = {
    ...store,
    get: async (...call) => (isBroken ? Promise.reject(new Error('connection refused')) : store.get(...call)),
  };
  const { tokens, clock } = await startService({ store: unreliable });
  const states = [tokens.stats().store];
  const began = clock.now();

  for (const [scope, breaks] of Object.entries({ a: false, b: true, c: true, d: false })) {
    isBroken = breaks;
    await tokens.getToken({ scope });
    states.push(tokens.stats().store);
    // The circuit breaker tries the store again.
    clock.advance(5 * second);
  }

  const failing = { failingSince: began + 5 * second };
  const working = { failingSince: undefined };
  expect(states).toEqual([working, working, failing, failing, working]);
});

test('the credential of the last successful grant is shown', async () => {
  const secrets = [
    { value: 'first', expiresAt: Date.UTC(2026, 1, 1) },
    { value: 'second', expiresAt: Date.UTC(2026, 2, 1) },
    { value: 'third', expiresAt: Date.UTC(2026, 3, 1) },
  ];
  const clientAuthentication = clientSecretPost(() => secrets.shift() ?? '');
  const { tokens, server } = await startService({ clientSecret: undefined, clientAuthentication });
  server.script(granted('a'), granted('b'), unavailable);

  await tokens.getToken({ scope: 'a' });
  await tokens.getToken({ scope: 'b' });
  await failureOf(tokens.getToken({ scope: 'c' }));

  expect(tokens.stats().credential).toEqual({ credential: 'secret', expiresAt: Date.UTC(2026, 2, 1) });
});

test('the clock skew is shown after it was measured', async () => {
  const clientAuthentication = privateKeyJwt({ key: (await signingKey()).pem });
  const { tokens, server, clock } = await startService({ clientSecret: undefined, clientAuthentication });
  const date = new Date(clock.now() - 90 * second).toUTCString();
  server.script({ ...refused('invalid_client', { status: 401 }), headers: { date } }, granted('a'));

  await tokens.getToken();

  expect(tokens.stats()).toMatchObject({
    clockSkewMs: -90 * second,
    credential: { credential: 'key', expiresAt: undefined },
  });
});
