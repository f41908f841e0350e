import { describe, expect, test } from '@jest/globals';

import { GrantRejectedError, GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { logEvents } from '../../src/telemetry/logging.js';
import { fakeClock } from '../support/clock.js';
import { grants, loggedService, refusal, unavailable } from '../support/logged-service.js';
import { memoryLog } from '../support/memory-log.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** A log of events at moments that the test chooses. */
function eventLog(level?: string) {
  const [log, clock] = [memoryLog(level), fakeClock()];
  return { log, clock, emit: logEvents(log.logger, { clock }) };
}

const origin = { service: 'orders', clientId: 'orders', authorizationServer: 'https://auth.example' };
const outage = new GrantUnavailableError('https://auth.example is not available (HTTP 503)', { status: 503 });
const renewalFailed = (members: object = {}): TokenEvent => ({
  ...origin,
  type: 'renewal.failed',
  requestedScope: 'a',
  scope: 'a',
  reason: 'advisory',
  error: outage,
  retryAfterMs: 8_000,
  remainingMs: 400_000,
  ...members,
});
const renewalRecovered = {
  ...origin,
  type: 'renewal.recovered',
  requestedScope: 'a',
  scope: 'a',
  failures: 9,
  failedForMs: 28_000,
} as const;
const unavailableToken = (members: object = {}): TokenEvent => ({
  ...origin,
  type: 'token.unavailable',
  requestedScope: 'a',
  error: outage,
  durationMs: 3,
  retryAfterMs: undefined,
  ...members,
});
const grantSucceeded = (requestedScope = 'a'): TokenEvent => ({
  ...origin,
  type: 'grant.succeeded',
  requestedScope,
  reason: 'cold',
  attempt: 1,
  scope: requestedScope,
  lifetimeMs: hour,
  durationMs: 12,
  credential: undefined,
  clockSkewMs: 0,
});
const storeFailed: TokenEvent = {
  ...origin,
  type: 'store.failed',
  operation: 'get',
  failure: 'Error ECONNREFUSED',
  retryAfterMs: 5_000,
};
const storeRecovered: TokenEvent = { ...origin, type: 'store.recovered', failedForMs: 5_000 };
const resent = (method = 'get', api = 'https://api.example'): TokenEvent => ({
  ...origin,
  type: 'request.resent',
  method,
  origin: api,
  reason: 'token rejected',
});

describe('an outage of the authorization server', () => {
  const html = (): Response => new Response('<h1>Maintenance</h1>', { headers: { 'content-type': 'text/html' } });

  /** A token service whose token is about to be renewed: the advisory refresh begins 450 s before the expiry. */
  async function beforeRenewal() {
    const service = loggedService();
    await service.call();
    await service.clock.runTo(hour - 440 * second);
    return service;
  }

  test('with a valid token is one warning at its beginning, and one line at its end that counts', async () => {
    const service = await beforeRenewal();

    service.answer(unavailable);
    await service.callFor(28 * second);
    service.answer(grants());
    await service.callFor(20 * second);

    expect(service.failedCalls()).toBe(0);
    expect(service.log.kinds()).toEqual(['info grant.succeeded', 'warn renewal.failed', 'info renewal.recovered']);
    expect(service.log.shown().map(({ msg }) => msg)).toEqual([
      'https://auth.example/token granted "orders" a token for 3600 s',
      'a token could not be renewed; it remains valid for 439.7 s, next attempt in 0.5 s at the earliest: ' +
        'https://auth.example/token is not available (HTTP 503)',
      'a grant succeeded after 6 failures in 28.7 s; since the last line: 5 more renewal.failed',
    ]);
    expect(service.log.shown()[2]).toMatchObject({ failures: 6, failedForMs: 28_700, repeated: 5 });
  });

  test('that changes, makes callers fail and ends is six lines', async () => {
    const service = await beforeRenewal();

    service.answer(unavailable);
    await service.callFor(300 * second);
    service.answer(html);
    await service.callFor(70 * second);
    service.answer(unavailable);
    await service.callFor(90 * second);
    service.answer(grants());
    await service.callFor(30 * second);

    expect(service.failedCalls()).toBe(25);
    expect(service.log.kinds()).toEqual([
      'info grant.succeeded',
      'warn renewal.failed',
      'warn renewal.failed',
      'error renewal.failed',
      'error token.unavailable',
      'info renewal.recovered',
    ]);
    expect(service.log.shown().slice(2)).toMatchObject([
      { err: { code: 'ERR_TOKEN_RESPONSE' }, remainingMs: 131_000, repeated: 33 },
      { err: { code: 'ERR_GRANT_UNAVAILABLE', status: 503 }, remainingMs: 59_000, retryAfterMs: 4_000, repeated: 12 },
      {
        msg:
          'a caller got no token; a call can succeed in 4.8 s at the earliest: https://auth.example/token is not ' +
          'available (HTTP 503); since the last line: 6 more renewal.failed',
      },
      {
        msg: 'a grant succeeded after 57 failures in 464.7 s; since the last line: 24 more token.unavailable',
        repeated: 24,
      },
    ]);
  });

  test('is over in the log if the token that could not be renewed was evicted', async () => {
    const service = loggedService({ cache: { maxTokens: 1 } });
    await service.call({ scope: 'a' });
    await service.clock.runTo(hour - 440 * second);
    service.answer(unavailable);
    await service.callFor(10 * second, { scope: 'a' });
    service.answer(grants());
    await service.callFor(second, { scope: 'b' });
    await service.clock.runTo(hour - 400 * second);

    await service.call({ scope: 'a' });

    expect(service.log.kinds()).toEqual(['info grant.succeeded', 'warn renewal.failed', 'info renewal.recovered']);
  });

  test('before the first token is one error, and the first token counts the failed calls', async () => {
    const service = loggedService();
    service.answer(unavailable);
    await service.callFor(2 * minute);
    service.answer(grants());
    await service.callFor(minute);

    expect(service.log.kinds()).toEqual(['error token.unavailable', 'info grant.succeeded']);
    expect(service.log.shown()[1]).toMatchObject({ repeated: service.failedCalls() - 1 });
  });

  test('has no stack in any line', async () => {
    const service = loggedService();
    service.answer(() => {
      throw Object.assign(new TypeError('fetch failed'), {
        cause: Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }),
      });
    });
    await service.callFor(10 * second);

    expect(JSON.stringify(service.log.lines)).not.toMatch(/stack|\\n {4}at /);
    expect(service.log.shown()[0]).toMatchObject({
      err: { type: 'GrantUnavailableError', code: 'ERR_GRANT_UNAVAILABLE', causes: ['ECONNREFUSED'] },
    });
  });

  test('that goes on for hours is logged again each hour', async () => {
    const service = loggedService();
    service.answer(unavailable);

    for (let minutes = 0; minutes < 150; minutes += 1) {
      await service.call();
      await service.clock.runTo((minutes + 1) * minute);
    }

    expect(service.log.kinds()).toEqual(Array.from({ length: 3 }, () => 'error token.unavailable'));
    expect(service.log.shown()).toMatchObject([{}, { repeated: expect.any(Number) }, { repeated: 59 }]);
  });
});

describe('a rejected client', () => {
  test('is one error for all calls, until another secret is accepted', async () => {
    let secret = 'old';
    const service = loggedService({ clientSecret: () => secret });
    service.answer(refusal('invalid_client', 401));
    await service.callFor(minute);

    secret = 'new';
    service.answer(grants());
    await service.callFor(minute);

    const [failure, ...others] = service.log.shown();
    expect(failure).toMatchObject({
      level: 50,
      type: 'token.unavailable',
      msg: expect.stringContaining('(invalid_client, HTTP 401)'),
      err: { type: 'GrantRejectedError', code: 'ERR_GRANT_REJECTED', error: 'invalid_client', status: 401 },
    });
    expect(others.at(-1)).toMatchObject({ level: 30, type: 'grant.succeeded' });
    const repeated = others.map((line) => Number(line['repeated'] ?? 0));
    expect(repeated.reduce((sum, count) => sum + count, 0)).toBe(service.failedCalls() - 1);
  });

  test('for one scope is not over when another scope is granted', async () => {
    const service = loggedService();
    await service.call({ scope: 'a' });
    service.answer(refusal('invalid_scope'));
    await service.call({ scope: 'b' });
    service.answer(grants());
    await service.clock.runTo(2 * hour);
    await service.call({ scope: 'a' });

    expect(service.log.kinds()).toEqual(['info grant.succeeded', 'error token.unavailable']);
  });
});

describe('a failure that changes', () => {
  test('is logged again with another error code, and the line counts the repetitions of the one before', () => {
    const { log, emit } = eventLog();

    emit(renewalFailed());
    emit(renewalFailed());
    emit(renewalFailed());
    emit(renewalFailed({ error: new GrantRejectedError('rejected', { status: 401, error: 'invalid_client' }) }));
    emit(renewalFailed());

    expect(log.shown()).toMatchObject([{ level: 40 }, { level: 40, repeated: 2 }]);
    expect(log.shown()[1]?.msg).toMatch(/: rejected; since the last line: 2 more renewal\.failed$/);
    expect(log.lines.filter(({ level }) => level === 20)).toHaveLength(3);
  });

  test('of another token service is a failure of its own', () => {
    const { log, emit } = eventLog();

    emit(renewalFailed());
    emit(renewalFailed({ service: 'billing' }));
    emit(renewalFailed({ authorizationServer: 'https://other.example' }));

    expect(log.shown()).toHaveLength(3);
  });
});

describe('a failure that comes and goes', () => {
  test('of the store is logged after 1, 2, 4 and 8 minutes, then every 15 minutes', () => {
    const { log, clock, emit } = eventLog();
    const loggedAfterMinutes: number[] = [];

    for (let seconds = 0; seconds < 3_600; seconds += 10) {
      const before = log.shown().length;
      emit(storeFailed);
      if (log.shown().length > before) loggedAfterMinutes.push(seconds / 60);
      clock.advance(5 * second);
      emit(storeRecovered);
      clock.advance(5 * second);
    }

    expect(loggedAfterMinutes).toEqual([0, 1, 3, 7, 15, 30, 45]);
    expect(log.kinds()).toEqual(Array.from({ length: 7 }, () => ['warn store.failed', 'info store.recovered']).flat());
    expect(log.shown().filter(({ type }) => type === 'store.failed')).toMatchObject([
      {},
      { repeated: 5 },
      { repeated: 11 },
      { repeated: 23 },
      { repeated: 47 },
      { repeated: 89 },
      { repeated: 89 },
    ]);
  });

  test('every ten minutes is logged each time', () => {
    const { log, clock, emit } = eventLog();

    for (let times = 0; times < 6; times += 1) {
      emit(renewalFailed());
      emit(renewalRecovered);
      clock.advance(10 * minute);
    }

    expect(log.shown()).toHaveLength(12);
  });

  test('of half of all grants is bounded: an hour of it has a few dozen lines', async () => {
    const service = loggedService();
    let count = 0;
    const grant = grants(20);
    service.answer(() => {
      count += 1;
      return Math.floor(count / 7) % 2 === 0 ? grant() : unavailable();
    });

    await service.callFor(hour);

    expect(service.failedCalls()).toBeGreaterThan(100);
    expect(service.log.shown().length).toBeLessThan(40);
  });
});

describe('a flood', () => {
  test('of rejected tokens is one line, and the next line counts it', () => {
    const { log, emit } = eventLog('info');

    for (let count = 0; count < 5_000; count += 1) emit(resent(count % 2 === 0 ? 'get' : 'post'));
    emit(renewalFailed());

    expect(log.shown()).toMatchObject([
      { level: 30, msg: 'https://api.example rejected the token of a GET; resending with another token' },
      { level: 40, msg: expect.stringMatching(/; since the last line: 4999 more request\.resent$/), repeated: 4_999 },
    ]);
  });

  test('of 10,000 scopes is one line at the beginning and one at the end', () => {
    const { log, emit } = eventLog('info');
    const scopes = Array.from({ length: 10_000 }, (_, index) => `tenant-${index}`);

    for (const scope of scopes) emit(grantSucceeded(scope));
    for (const requestedScope of scopes) emit(renewalFailed({ requestedScope, scope: requestedScope }));
    for (const requestedScope of scopes) emit(unavailableToken({ requestedScope }));
    for (const requestedScope of scopes) {
      emit(grantSucceeded(requestedScope));
      emit({ ...renewalRecovered, requestedScope });
    }

    expect(log.kinds()).toEqual([
      'info grant.succeeded',
      'warn renewal.failed',
      'error token.unavailable',
      'info renewal.recovered',
    ]);
    expect(log.shown().map(({ repeated }) => repeated)).toEqual([undefined, undefined, 9_999, 9_999]);
  });

  test('of 10,000 scopes that are not granted, or of 10,000 APIs, has a bounded number of lines', () => {
    const { log, emit } = eventLog('info');

    for (let index = 0; index < 10_000; index += 1) {
      const error = new GrantRejectedError('rejected', { status: 400, error: 'invalid_scope' });
      emit(unavailableToken({ requestedScope: `tenant-${index}`, error }));
      emit(resent('get', `https://tenant-${index}.example`));
    }

    expect(log.shown().length).toBeLessThan(60);
  });

  test('of 10,000 token services keeps the memory bounded', () => {
    const { log, emit } = eventLog('info');

    emit(renewalFailed({ service: 'first' }));
    for (let index = 0; index < 10_000; index += 1) emit(renewalFailed({ service: `service-${index}` }));
    emit(renewalFailed({ service: 'first' }));

    // The first one was forgotten.
    expect(log.shown().filter(({ tokenService }) => tokenService === 'first')).toHaveLength(2);
  });
});

test('a step of the wall clock does not repeat a line', () => {
  const { log, clock, emit } = eventLog();

  emit(renewalFailed());
  clock.step(-hour);
  emit(renewalFailed());

  expect(log.shown()).toHaveLength(1);
});
