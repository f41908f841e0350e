import { describe, expect, test } from '@jest/globals';

import { ConfigurationError, GrantRejectedError, GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { logEvents } from '../../src/telemetry/logging.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { granting, secret } from '../support/grant-outcome.js';
import { memoryLog } from '../support/memory-log.js';

const [debug, info, warn, error] = [20, 30, 40, 50];
const facts = {
  authorizationServer: 'https://auth.example',
  clientId: 'orders',
  requestedScope: 'a',
  reason: 'cold',
  attempt: 1,
} as const;
const outage = new GrantUnavailableError('https://auth.example is not available', { status: 503 });
const renewal = { type: 'renewal.failed', ...facts, scope: 'a', error: outage } as const;
const api = { method: 'post', origin: 'https://api.example' };

test.each<[number, string, TokenEvent]>([
  [
    info,
    'https://auth.example granted "orders" a token for 3600 s',
    {
      type: 'grant.succeeded',
      ...facts,
      scope: 'a',
      lifetimeMs: 3_600_000,
      durationMs: 12,
      credential: { credential: 'secret', expiresAt: undefined },
      clockSkewMs: 0,
    },
  ],
  [
    debug,
    'attempt 1 of a grant failed: https://auth.example is not available',
    { type: 'grant.failed', ...facts, durationMs: 12, error: outage },
  ],
  [
    debug,
    'attempt 2 of a grant failed; the next one follows in 0.4 s',
    { type: 'grant.retry_scheduled', ...facts, attempt: 2, error: outage, retryAfterMs: 400 },
  ],
  [
    debug,
    'an attempt of a grant failed before it was sent: https://auth.example is not available',
    { type: 'grant.failed', ...facts, attempt: undefined, error: outage, durationMs: 5 },
  ],
  [
    debug,
    'an attempt of a grant failed; the next one follows in 0.4 s',
    { type: 'grant.retry_scheduled', ...facts, attempt: undefined, error: outage, retryAfterMs: 400 },
  ],
  ...(
    [
      ['backoff', 'the last one failed'],
      ['retry_after', 'the authorization server asked for a pause'],
      ['lease', 'another replica sends one'],
    ] as const
  ).map(([suppression, why]): [number, string, TokenEvent] => [
    debug,
    `no grant was sent, because ${why}; the next one follows in 3 s at the ${suppression === 'lease' ? 'latest' : 'earliest'}`,
    { type: 'grant.suppressed', requestedScope: 'a', reason: 'cold', suppression, retryAfterMs: 3_000 },
  ]),
  [
    info,
    'the client secret was rotated; grants use the new one',
    { type: 'credential.reread', credential: 'secret', expiresAt: undefined },
  ],
  [
    info,
    'the client certificate was rotated; grants use the new one, which expires at 2026-12-01T00:00:00.000Z',
    { type: 'credential.reread', credential: 'certificate', expiresAt: Date.UTC(2026, 11, 1) },
  ],
  [
    debug,
    'the client assertion was rotated; grants use the new one',
    { type: 'credential.reread', credential: 'assertion', expiresAt: undefined },
  ],
  ...(
    [
      ['grant', 'a grant'],
      ['shared_store', 'the shared store'],
      ['joined', 'the grant of another caller'],
    ] as const
  ).map(([source, from]): [number, string, TokenEvent] => [
    debug,
    `a caller waited 0.3 s for a token from ${from}`,
    { type: 'token.awaited', requestedScope: 'a', source, durationMs: 250 },
  ]),
  [
    error,
    'a caller got no token; a call can succeed in 8 s at the earliest: https://auth.example is not available',
    { type: 'token.unavailable', requestedScope: 'a', error: outage, durationMs: 12, retryAfterMs: 8_000 },
  ],
  [
    error,
    'a caller got no token: vault is sealed',
    {
      type: 'token.unavailable',
      requestedScope: 'a',
      error: new Error('vault is\nsealed'),
      durationMs: 12,
      retryAfterMs: undefined,
    },
  ],
  [
    warn,
    'a token could not be renewed; it remains valid for 60 s, next attempt in 1.5 s at the earliest: https://auth.example is not available',
    { ...renewal, retryAfterMs: 1_500, remainingMs: 60_000 },
  ],
  [
    error,
    'a token could not be renewed; it remains valid for 59.9 s, next attempt with the next call: https://auth.example is not available',
    { ...renewal, retryAfterMs: 0, remainingMs: 59_900 },
  ],
  [
    error,
    'a token could not be renewed and has expired, next attempt in 1 s at the earliest: https://auth.example is not available',
    { ...renewal, retryAfterMs: 1_000, remainingMs: -10 },
  ],
  // Without a failure that was logged, a recovery is routine.
  [
    debug,
    'a grant succeeded after 1 failure in 28 s',
    { type: 'renewal.recovered', requestedScope: 'a', scope: 'a', failures: 1, failedForMs: 28_000 },
  ],
  [
    warn,
    'a token had expired on arrival and is not cached; check its lifetime and the clocks of both machines',
    { type: 'token.expired_on_arrival', requestedScope: 'a', scope: 'a' },
  ],
  [
    info,
    'the token lifetime of 2147483647 s counts as unlimited; the token is renewed after 24 hours at the latest',
    { type: 'token.lifetime_capped', requestedScope: 'a', scope: 'a', announcedSeconds: 2_147_483_647 },
  ],
  [
    debug,
    'the least recently used token was dropped; "cache.maxTokens" is lower than the number of different token requests',
    { type: 'token.evicted', requestedScope: 'a', scope: 'a' },
  ],
  [
    debug,
    'get of the shared store succeeded after 0 s',
    { type: 'store.called', operation: 'get', durationMs: 3, failure: undefined },
  ],
  [
    debug,
    'lease of the shared store failed (TimeoutError) after 0.3 s',
    { type: 'store.called', operation: 'lease', durationMs: 250, failure: 'TimeoutError' },
  ],
  [
    warn,
    'the shared store failed (get: Error ECONNREFUSED); tokens are not shared, next attempt in 5 s',
    { type: 'store.failed', operation: 'get', failure: 'Error ECONNREFUSED', retryAfterMs: 5_000 },
  ],
  [
    debug,
    'the shared store works again after 12 s; tokens are shared',
    { type: 'store.recovered', failedForMs: 12_000 },
  ],
  [
    warn,
    'tokens that could not be revoked: 2; https://auth.example is not available',
    { type: 'revocation.failed', tokens: 2, error: outage },
  ],
  [
    info,
    'https://api.example rejected the token of a POST; resending with another token',
    { type: 'request.resent', ...api, reason: 'token rejected' },
  ],
  [
    info,
    'https://api.example asked for a DPoP nonce; resending a POST with it',
    { type: 'request.resent', ...api, reason: 'dpop nonce' },
  ],
  [
    warn,
    'https://api.example did not accept the token or DPoP proof of a POST; not resent (body cannot be sent twice)',
    { type: 'request.not_resent', ...api, reason: 'body cannot be sent twice' },
  ],
  [
    warn,
    'dangerouslyAllowHttp allows http to http://auth, http://orders: without a service mesh that encrypts, secrets and tokens can be read in transit',
    { type: 'http.allowed', origins: ['http://auth', 'http://orders'] },
  ],
])('writes a line with its level (%i), the sentence "%s" and the facts', (level, sentence, event) => {
  const log = memoryLog();
  const { error: failure, ...rest } = { error: undefined, ...event };

  logEvents(log.logger)(event);

  expect(log.lines).toHaveLength(1);
  expect(log.lines[0]).toMatchObject({ ...JSON.parse(JSON.stringify(rest)), level, msg: sentence });
  expect(log.lines[0]).not.toHaveProperty('error');
  expect(log.lines[0]?.['err'] === undefined).toBe(failure === undefined);
});

// Elastic and Datadog reserve `service`, and a `base` of pino often has it.
test('names the token service in a member of its own', () => {
  const log = memoryLog();

  logEvents(log.logger.child({ service: 'shop' }))({
    service: 'orders',
    clientId: 'orders-client',
    authorizationServer: 'https://auth.example',
    type: 'store.failed',
    operation: 'get',
    failure: 'Error',
    retryAfterMs: 5_000,
  });

  expect(log.lines).toMatchObject([
    {
      service: 'shop',
      tokenService: 'orders',
      clientId: 'orders-client',
      authorizationServer: 'https://auth.example',
    },
  ]);
});

describe('the error of a line', () => {
  const logged = (failure: unknown) => {
    const log = memoryLog();
    logEvents(log.logger)({
      type: 'token.unavailable',
      requestedScope: 'a',
      error: failure,
      durationMs: 1,
      retryAfterMs: undefined,
    });
    return log.lines[0]?.['err'];
  };

  test('of the library has its code and facts, and no stack', () => {
    const cause = new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNRESET' }) });

    expect(logged(new GrantRejectedError('refused', { status: 400, error: 'invalid_scope' }))).toEqual({
      type: 'GrantRejectedError',
      message: 'refused',
      code: 'ERR_GRANT_REJECTED',
      error: 'invalid_scope',
      status: 400,
    });
    expect(logged(new GrantUnavailableError('away', { cause, retryAfterMs: 8_000 }))).toEqual({
      type: 'GrantUnavailableError',
      message: 'away',
      code: 'ERR_GRANT_UNAVAILABLE',
      retryAfterMs: 8_000,
      causes: ['ECONNRESET'],
    });
    expect(logged(new ConfigurationError('"scope" is empty'))).toEqual({
      type: 'ConfigurationError',
      message: '"scope" is empty',
      code: 'ERR_CONFIGURATION',
    });
  });

  test("of a user's token source has its class, code and stack, and none of its other members", () => {
    class VaultError extends Error {
      readonly code = 'SEALED';
      readonly config = { headers: { authorization: 'Basic c2VjcmV0' } };
    }

    expect(logged(new VaultError('vault is sealed'))).toEqual({
      type: 'VaultError',
      message: 'vault is sealed',
      code: 'SEALED',
      stack: expect.stringMatching(/^ {4}at /),
    });
  });

  test.each([
    ['a text', 'away', { type: 'String', message: 'away' }],
    ['nothing', undefined, { type: 'Object', message: 'undefined' }],
    ['null', null, { type: 'Object', message: 'null' }],
    ['an object', { message: 'away', code: 7 }, { type: 'Object', message: 'away' }],
    ['an object without a prototype', Object.create(null), { type: 'Error', message: 'unknown cause' }],
  ])('can be %s', (_what, thrown, expected) => {
    expect(logged(thrown)).toEqual(expected);
  });
});

test('writes no secret and no token in any line [R-24 R-25 F4]', async () => {
  const log = memoryLog();
  const server = await startAuthorizationServer();
  const { tokens, failure } = granting({ tokenEndpoint: server.tokenEndpoint, onEvent: logEvents(log.logger) });
  server.script(
    granted('live-t0ken'),
    granted('live-t0ken', { token_type: 'mac' }),
    refused('invalid_client', { status: 401, description: `bad secret ${secret}` }),
    { status: 503, body: Buffer.from(`orders:${secret}`).toString('base64') },
  );

  await tokens.getToken();
  await failure();
  await failure();
  await failure();

  expect(log.lines.map(({ level, type }) => [level, type])).toEqual([
    [info, 'grant.succeeded'],
    [debug, 'grant.failed'],
    [debug, 'grant.failed'],
    [debug, 'grant.failed'],
  ]);
  const written = JSON.stringify(log.lines);
  expect(written).not.toContain(secret);
  expect(written).not.toContain('live-t0ken');
  expect(written).not.toContain(Buffer.from(`orders:${secret}`).toString('base64'));
});
