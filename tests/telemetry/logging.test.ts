import { Writable } from 'node:stream';

import { expect, test } from '@jest/globals';
import { pino } from 'pino';

import { GrantRejectedError, GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { logEvents } from '../../src/telemetry/logging.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { granting, secret } from '../support/grant-outcome.js';

/** A pino logger and the lines that it wrote. */
function logger() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { lines, logger: pino({ level: 'trace', base: null, timestamp: false }, stream) };
}

const [debug, info, warn, error] = [20, 30, 40, 50];
const facts = { authorizationServer: 'https://auth.example', clientId: 'orders', requestedScope: 'a', durationMs: 12 };

test.each<[TokenEvent, number, string]>([
  [
    { type: 'grant.succeeded', ...facts, scope: 'a', lifetimeMs: 3_600_000 },
    info,
    'https://auth.example granted "orders" a token for 3600 s',
  ],
  [
    { type: 'grant.failed', ...facts, error: new GrantUnavailableError('https://auth.example is not available') },
    error,
    'https://auth.example is not available',
  ],
  [
    {
      type: 'renewal.failed',
      requestedScope: 'a',
      scope: 'a',
      error: new Error('away'),
      retryInMs: 1_500,
      remainingMs: 60_000,
    },
    warn,
    'a token could not be renewed; it remains valid for 60 s, next attempt in 1.5 s at the earliest',
  ],
  [
    { type: 'token.expired_on_arrival', scope: 'a' },
    warn,
    'a token had expired on arrival and is not cached; check its lifetime and the clocks of both machines',
  ],
  [
    { type: 'store.failed', operation: 'get', reason: 'Error ECONNREFUSED', retryInMs: 5_000 },
    warn,
    'the shared store failed (get: Error ECONNREFUSED); tokens are not shared, next attempt in 5 s',
  ],
  [
    { type: 'token.lifetime_capped', scope: 'a', announcedSeconds: 2_147_483_647 },
    info,
    'the token lifetime of 2147483647 s counts as unlimited; the token is renewed after 24 hours at the latest',
  ],
  [
    { type: 'http.allowed', origins: ['http://auth', 'http://orders'] },
    warn,
    'dangerouslyAllowHttp allows http to http://auth, http://orders: without a service mesh that encrypts, secrets and tokens can be read in transit',
  ],
  [
    { type: 'token.evicted', scope: 'a' },
    debug,
    'the least recently used token was dropped; "cache.maxTokens" is lower than the number of different token requests',
  ],
  [
    { type: 'revocation.failed', tokens: 2, error: new GrantUnavailableError('https://auth.example is not available') },
    warn,
    'tokens that could not be revoked: 2; https://auth.example is not available',
  ],
  [
    { type: 'request.resent', method: 'post', origin: 'https://api.example' },
    info,
    'https://api.example rejected the token of a POST; resending with another token',
  ],
  [
    { type: 'request.not_resent', method: 'PUT', origin: 'https://api.example', reason: 'body cannot be sent twice' },
    warn,
    'https://api.example did not accept the token or DPoP proof of a PUT; not resent (body cannot be sent twice)',
  ],
])('writes a line for $type: its level, a sentence and the facts', (event, level, sentence) => {
  const { lines, logger: log } = logger();
  const { error: failure, ...rest } = { error: undefined, ...event };

  logEvents(log)(event);

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ ...rest, level, msg: sentence });
  expect(lines[0]).not.toHaveProperty('error');
  expect(lines[0]?.['err'] === undefined).toBe(failure === undefined);
});

test('writes an error the way pino does, with its code and facts', () => {
  const { lines, logger: log } = logger();
  const failure = new GrantRejectedError('refused', { status: 400, error: 'invalid_scope' });

  logEvents(log)({ type: 'grant.failed', ...facts, error: failure });

  expect(lines[0]?.['err']).toMatchObject({
    type: 'GrantRejectedError',
    message: 'refused',
    code: 'ERR_GRANT_REJECTED',
    error: 'invalid_scope',
    status: 400,
  });
});

test('takes any logger with the four methods, and keeps its this', () => {
  const log = {
    written: [] as unknown[],
    debug() {},
    info(line: object, message: string) {
      this.written.push([line, message]);
    },
    warn() {},
    error() {},
  };

  logEvents(log)({
    type: 'request.resent',
    method: 'get',
    origin: 'https://api.example',
  });

  expect(log.written).toHaveLength(1);
});

test('writes no secret and no token in any line [R-24 R-25 F4]', async () => {
  const { lines, logger: log } = logger();
  const server = await startAuthorizationServer();
  const { tokens, failure } = granting({ tokenEndpoint: server.tokenEndpoint, onEvent: logEvents(log) });
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

  expect(lines.map(({ level, type }) => [level, type])).toEqual([
    [info, 'grant.succeeded'],
    [error, 'grant.failed'],
    [error, 'grant.failed'],
    [error, 'grant.failed'],
  ]);
  const written = JSON.stringify(lines);
  expect(written).not.toContain(secret);
  expect(written).not.toContain('live-t0ken');
  expect(written).not.toContain(Buffer.from(`orders:${secret}`).toString('base64'));
});
