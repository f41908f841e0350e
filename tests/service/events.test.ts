import { describe, expect, test } from '@jest/globals';

import type { TokenEvent } from '../../src/core/events.js';
import { createTokenService } from '../../src/service/token-service.js';
import { staticToken } from '../../src/service/static-token.js';
import { memoryStore } from '../../src/stores/memory.js';
import { adapterOptions } from '../../src/adapters/adapter-options.js';
import { compose } from '../../src/core/token-source.js';
import { granted, refused } from '../support/authorization-server.js';
import { startTokenService } from '../support/token-service.js';
import { settle } from '../support/tokens.js';
import { warnings } from '../support/warnings.js';

const hour = 3_600_000;
const second = 1_000;
const unavailable = { status: 503, body: 'no' };

/** A token service, and all events that it emits. */
async function startService(options: Parameters<typeof startTokenService>[0] = {}) {
  const events: TokenEvent[] = [];
  const started = await startTokenService({ onEvent: (event) => void events.push(event), ...options });
  return { ...started, events };
}

const typesOf = (events: readonly TokenEvent[]): string[] => events.map(({ type }) => type);

async function untilNext(events: readonly TokenEvent[], type: TokenEvent['type'], count = 1): Promise<void> {
  for (let rounds = 0; events.filter((event) => event.type === type).length < count; rounds += 1) {
    if (rounds > 1_000) throw new Error(`no ${type} among ${typesOf(events).join(', ')}`);
    await new Promise(setImmediate);
  }
}

async function untilNextGrant(grants: readonly unknown[]): Promise<void> {
  while (grants.length === 0) await new Promise(setImmediate);
}

describe('every event names', () => {
  test('the service, the client and the authorization server', async () => {
    const { tokens, server, events } = await startService({ name: 'billing' });

    await tokens.getToken();

    const origin = { service: 'billing', clientId: 'orders', authorizationServer: server.tokenEndpoint };
    expect(events).toMatchObject([
      { type: 'grant.succeeded', ...origin },
      { type: 'token.awaited', ...origin },
    ]);
  });

  test('the issuer without a query, and the client identifier as the service, by default', async () => {
    const events: TokenEvent[] = [];
    const tokens = createTokenService({
      issuer: 'http://localhost:1/tenant?key=secret',
      clientId: 'orders',
      clientSecret: 's',
      retry: { retries: 0 },
      onEvent: (event) => void events.push(event),
    });

    await expect(tokens.getToken()).rejects.toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });

    const names = { service: 'orders', authorizationServer: 'http://localhost:1/tenant?...' };
    expect(events).toMatchObject([
      { type: 'grant.failed', ...names },
      { type: 'token.unavailable', ...names },
    ]);
  });

  test('whole milliseconds', async () => {
    const { tokens, server, events } = await startService({ retry: { retries: 0 }, random: () => 0.12345 });
    server.script(unavailable);

    await expect(tokens.getToken()).rejects.toThrow('HTTP 503');
    await expect(tokens.getToken()).rejects.toThrow('HTTP 503');

    const durations = events.flatMap((event) => Object.entries(event).filter(([name]) => name.endsWith('Ms')));
    expect(durations.map(([name]) => name)).toContain('retryAfterMs');
    expect(durations.filter(([, ms]) => ms !== undefined && !Number.isInteger(ms))).toEqual([]);
  });
});

describe('the reason of a grant is', () => {
  async function reasonsAfter(act: (service: Awaited<ReturnType<typeof startService>>) => Promise<unknown>) {
    const service = await startService();
    await service.tokens.getToken();
    await act(service);
    await untilNext(service.events, 'grant.succeeded', 2);
    return service.events.flatMap((event) => (event.type === 'grant.succeeded' ? [event.reason] : []));
  }

  test('"cold", then "advisory" for a renewal in the background', async () => {
    const reasons = await reasonsAfter(({ tokens, clock }) => {
      clock.advance(hour - 300 * second);
      return tokens.getToken();
    });
    expect(reasons).toEqual(['cold', 'advisory']);
  });

  test('"mandatory" shortly before expiry', async () => {
    const reasons = await reasonsAfter(({ tokens, clock }) => {
      clock.advance(hour - 20 * second);
      return tokens.getToken();
    });
    expect(reasons).toEqual(['cold', 'mandatory']);
  });

  test('"rejected" after a rejection', async () => {
    const reasons = await reasonsAfter(async ({ tokens, clock }) => {
      clock.advance(10 * second);
      return tokens.getToken(undefined, { replacing: await tokens.getToken() });
    });
    expect(reasons).toEqual(['cold', 'rejected']);
  });

  test('"min_validity" for a caller that needs a longer validity', async () => {
    const reasons = await reasonsAfter(({ tokens, clock }) => {
      clock.advance(hour / 2);
      return tokens.getToken(undefined, { minValidityMs: 0.75 * hour });
    });
    expect(reasons).toEqual(['cold', 'min_validity']);
  });

  test('"cold" again after expiry', async () => {
    const reasons = await reasonsAfter(({ tokens, clock }) => {
      clock.advance(hour);
      return tokens.getToken();
    });
    expect(reasons).toEqual(['cold', 'cold']);
  });
});

test('each attempt has its number, and a retry says when it follows', async () => {
  const { tokens, server, clock, events } = await startService();
  server.script(unavailable, unavailable, granted('token-1'));

  const waiting = tokens.getToken();
  for (const count of [1, 2]) {
    await untilNext(events, 'grant.retry_scheduled', count);
    clock.advance(1);
  }
  await waiting;

  expect(events).toMatchObject([
    { type: 'grant.failed', attempt: 1, reason: 'cold', error: { status: 503 } },
    { type: 'grant.retry_scheduled', attempt: 1, reason: 'cold', retryAfterMs: 0, error: { status: 503 } },
    { type: 'grant.failed', attempt: 2 },
    { type: 'grant.retry_scheduled', attempt: 2 },
    { type: 'grant.succeeded', attempt: 3, reason: 'cold' },
    { type: 'token.awaited', source: 'grant' },
  ]);
});

describe('a grant that is not sent is reported', () => {
  test('during the backoff after a failure', async () => {
    const { tokens, server, events } = await startService({ retry: { retries: 0 }, random: () => 0.5 });
    server.script(unavailable);
    await expect(tokens.getToken({ scope: 'a' })).rejects.toThrow('HTTP 503');

    await expect(tokens.getToken({ scope: 'a' })).rejects.toThrow('HTTP 503');

    expect(events.slice(2)).toMatchObject([
      { type: 'grant.suppressed', suppression: 'backoff', requestedScope: 'a', reason: 'cold', retryAfterMs: 500 },
      { type: 'token.unavailable', requestedScope: 'a', retryAfterMs: 500, error: { code: 'ERR_GRANT_UNAVAILABLE' } },
    ]);
  });

  test('while the authorization server asks for a pause, also for other token requests', async () => {
    const { tokens, server, events } = await startService({ retry: { retries: 0 } });
    server.script({ ...unavailable, headers: { 'retry-after': '30' } });
    await expect(tokens.getToken({ scope: 'a' })).rejects.toThrow('HTTP 503');

    await expect(tokens.getToken({ scope: 'a' })).rejects.toThrow('HTTP 503');
    await expect(tokens.getToken({ scope: 'b' })).rejects.toThrow('HTTP 503');

    const facts = { type: 'grant.suppressed', suppression: 'retry_after', reason: 'cold', retryAfterMs: 30 * second };
    expect(events.filter(({ type }) => type === 'grant.suppressed')).toMatchObject([
      { ...facts, requestedScope: 'a' },
      { ...facts, requestedScope: 'b' },
    ]);
    expect(server.grants).toHaveLength(1);
  });

  test('while another replica holds the lease, once', async () => {
    const store = memoryStore();
    const first = await startService({ store });
    const { server, clock } = first;
    let release: () => void = () => {};
    server.script(() => new Promise((resolve) => (release = () => resolve(granted('token-1')))));
    const other = await startService({ store, tokenEndpoint: server.tokenEndpoint, clock });
    const granting = first.tokens.getToken();
    await untilNextGrant(server.grants);

    const waiting = other.tokens.getToken();
    await untilNext(other.events, 'grant.suppressed');
    release();
    await granting;
    for (let polls = 0; polls < 20; polls += 1) {
      clock.advance(100);
      await new Promise(setImmediate);
    }

    expect((await waiting).value).toBe('token-1');
    expect(other.events.filter(({ type }) => type === 'grant.suppressed')).toMatchObject([
      { suppression: 'lease', reason: 'cold', retryAfterMs: 10 * second },
    ]);
    expect(other.events.at(-1)).toMatchObject({ type: 'token.awaited', source: 'shared_store' });
  });
});

test('a renewal that works again says how long it failed', async () => {
  const { tokens, server, clock, events } = await startService({ retry: { retries: 0 }, random: () => 0.5 });
  await tokens.getToken();
  server.script(unavailable);
  clock.advance(hour - 300 * second);
  await tokens.getToken();
  await untilNext(events, 'renewal.failed');
  clock.advance(10 * second);
  await tokens.getToken();
  await untilNext(events, 'renewal.failed', 2);
  server.script(granted('token-2'));
  clock.advance(10 * second);

  await tokens.getToken();
  await untilNext(events, 'renewal.recovered');

  expect(events.filter(({ type }) => type.startsWith('renewal.'))).toMatchObject([
    { type: 'renewal.failed', reason: 'advisory', remainingMs: 300 * second },
    { type: 'renewal.failed', reason: 'advisory', remainingMs: 290 * second },
    { type: 'renewal.recovered', failures: 2, failedForMs: 20 * second },
  ]);
  expect(typesOf(events)).not.toContain('token.unavailable');
});

describe('a caller that waits is reported', () => {
  test('with the source of its token: a grant, or that of another caller; not a token from memory', async () => {
    const { tokens, events } = await startService();

    await Promise.all([tokens.getToken(), tokens.getToken()]);
    await tokens.getToken();

    expect(events).toMatchObject([
      { type: 'grant.succeeded' },
      { type: 'token.awaited', source: 'grant' },
      { type: 'token.awaited', source: 'joined' },
    ]);
  });

  test('as a token from memory when the renewal that it waited for fails', async () => {
    const { tokens, server, clock, events } = await startService({ retry: { retries: 0 } });
    const first = await tokens.getToken();
    server.script(unavailable);
    clock.advance(hour - 20 * second);

    expect(await tokens.getToken()).toBe(first);

    expect(typesOf(events)).toEqual(['grant.succeeded', 'token.awaited', 'grant.failed', 'renewal.failed']);
    expect(tokens.stats().requests).toMatchObject({ memory: 1, grant: 1 });
  });

  test('not when it aborts its call', async () => {
    const { tokens, server, events } = await startService();
    let release: () => void = () => {};
    server.script(() => new Promise((resolve) => (release = () => resolve(granted('token-1')))));
    const caller = new AbortController();
    const waiting = tokens.getToken(undefined, { signal: caller.signal });
    await untilNextGrant(server.grants);

    caller.abort();

    await expect(waiting).rejects.toThrow('aborted');
    expect(events).toEqual([]);
    release();
    await untilNext(events, 'grant.succeeded');
    expect(typesOf(events)).toEqual(['grant.succeeded']);
  });

  test('with its error when it gets none', async () => {
    const { tokens, server, events } = await startService();
    server.script(refused('invalid_client', { status: 401 }));

    await expect(tokens.getToken()).rejects.toThrow('invalid_client');

    expect(events.at(-1)).toMatchObject({
      type: 'token.unavailable',
      error: { code: 'ERR_GRANT_REJECTED', error: 'invalid_client' },
      retryAfterMs: expect.any(Number),
    });
  });
});

describe('an event of an adapter', () => {
  const resent = {
    type: 'request.resent',
    method: 'GET',
    origin: 'https://a.example',
    reason: 'token rejected',
  } as const;

  test('reaches the token service, and names it in "onEvent" of the adapter too', async () => {
    const { tokens, events } = await startService();
    const own: TokenEvent[] = [];
    const { emit } = adapterOptions('an adapter', tokens, { onEvent: (event) => own.push(event) });

    emit(resent);

    expect(events).toMatchObject([{ ...resent, service: 'orders' }]);
    expect(own).toMatchObject([{ ...resent, service: 'orders' }]);
  });

  test('is not in the events of the token service twice when an adapter has no "onEvent"', async () => {
    const { tokens, events } = await startService();

    adapterOptions('an adapter', tokens, {}).emit(resent);

    expect(events).toHaveLength(1);
  });

  test('reaches the token service through layers that are composed above it', async () => {
    const { tokens, events } = await startService();
    const { emit } = adapterOptions(
      'an adapter',
      compose(tokens, (inner) => ({ getToken: () => inner.getToken() })),
      {},
    );

    emit(resent);

    expect(events).toMatchObject([{ ...resent, service: 'orders' }]);
  });

  test.each([
    ['without "report"', staticToken('a')],
    ['whose "report" rejects', { ...staticToken('a'), report: () => Promise.reject(new Error('full')) as never }],
    ['whose "report" returns nothing', { ...staticToken('a'), report: () => undefined as never }],
    [
      'whose "report" throws',
      {
        ...staticToken('a'),
        report: () => {
          throw new Error('full');
        },
      },
    ],
  ])('reaches "onEvent" of the adapter with a token source %s', async (_what, tokens) => {
    const own: TokenEvent[] = [];
    const { emit } = adapterOptions('an adapter', tokens, { onEvent: (event) => own.push(event) });

    emit(resent);
    await settle();

    expect(own).toEqual([resent]);
  });

  test('whose token source always fails to report it is one warning', async () => {
    const messages = warnings();
    const own: TokenEvent[] = [];
    const report = () => Promise.reject(new Error('full')) as never;
    const { emit } = adapterOptions('an adapter', { ...staticToken('a'), report }, { onEvent: (e) => own.push(e) });

    for (let count = 0; count < 3; count += 1) emit(resent);
    await settle();

    expect(own).toEqual([resent, resent, resent]);
    expect(messages).toEqual([expect.stringMatching(/^"report" of a token source failed; .*: Error: full$/)]);
  });
});
