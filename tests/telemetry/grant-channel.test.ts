import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';

import { describe, expect, test } from '@jest/globals';

import { systemClock } from '../../src/core/clock.js';
import { GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { memoryStore } from '../../src/stores/memory.js';
import { granted, refused } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { fakeClock } from '../support/clock.js';
import { failureOf } from '../support/grant-outcome.js';
import { startTokenService } from '../support/token-service.js';
import { until, untilRenewed } from '../support/until.js';

/** A message of the tracing channel, as it was at that moment. */
interface Published {
  readonly at: string;
  readonly message: Readonly<Record<string, unknown>>;
}

const moments = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** Subscribes to the grants until the test ends. */
function subscribe(): { readonly published: Published[]; readonly unsubscribe: () => void } {
  const published: Published[] = [];
  const grants = tracingChannel('m2m-tokens:grant');
  const subscribers = Object.fromEntries(
    moments.map((at) => [at, (message: object) => published.push({ at, message: { ...message } })]),
  ) as object as Parameters<typeof grants.subscribe>[0];
  grants.subscribe(subscribers);
  const unsubscribe = (): void => {
    grants.unsubscribe(subscribers);
  };
  cleanUp(unsubscribe);
  return { published, unsubscribe };
}

const momentsOf = (published: readonly Published[]) => published.map(({ at }) => at);

describe('the tracing channel of grants', () => {
  test('publishes a grant from its start to its end, without the token', async () => {
    const { tokens, server, clock } = await startTokenService({ name: 'shop' });
    const { published } = subscribe();

    await tokens.getToken({ scope: 'a' });
    await tokens.getToken({ scope: 'a' });

    expect(momentsOf(published)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect(published[0]?.message).toEqual({
      service: 'shop',
      clientId: 'orders',
      authorizationServer: server.tokenEndpoint,
      grantType: 'client_credentials',
      requestedScope: 'a',
      reason: 'cold',
      hasFallback: false,
      attempts: 0,
    });
    expect(published.at(-1)?.message).toEqual({
      ...published[0]?.message,
      attempts: 1,
      result: { scope: undefined, expiresAt: clock.now() + 3_600_000 },
    });
  });

  test('publishes an error once for all attempts', async () => {
    const { tokens, server } = await startTokenService({ clock: systemClock });
    const { published } = subscribe();
    server.script({ status: 503 });

    await failureOf(tokens.getToken());

    expect(momentsOf(published)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect(published[2]?.message['error']).toBeInstanceOf(GrantUnavailableError);
    expect(published.at(-1)?.message).toMatchObject({ attempts: 3, hasFallback: false });
    expect(server.grants).toHaveLength(3);
  });

  test('counts the attempts of concurrent grants separately', async () => {
    const { tokens, server } = await startTokenService({ clock: systemClock });
    const { published } = subscribe();
    let failures = 0;
    server.script(({ body }) => {
      if (!body.includes('scope=b') || failures === 2) return granted('t');
      failures += 1;
      return { status: 503 };
    });

    await Promise.all([tokens.getToken({ scope: 'a' }), tokens.getToken({ scope: 'b' })]);

    const ends = published.filter(({ at }) => at === 'asyncEnd').map(({ message }) => message);
    expect(ends).toContainEqual(expect.objectContaining({ requestedScope: 'a', attempts: 1 }));
    expect(ends).toContainEqual(expect.objectContaining({ requestedScope: 'b', attempts: 3 }));
  });

  test('says why a token is renewed, and whether callers have another one', async () => {
    const { tokens, clock } = await startTokenService();
    await tokens.getToken();
    const { published } = subscribe();

    clock.advance(3_400_000);
    await tokens.getToken();
    await untilRenewed(tokens);
    clock.advance(3_700_000);
    await tokens.getToken();

    const started = published.filter(({ at }) => at === 'start').map(({ message }) => message);
    expect(started).toEqual([
      expect.objectContaining({ reason: 'advisory', hasFallback: true }),
      expect.objectContaining({ reason: 'cold', hasFallback: false }),
    ]);
  });

  test('says that callers have the token of the shared store', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const one = await startTokenService({ store, clock, retry: { retries: 0 } });
    await one.tokens.getToken();
    await one.tokens.flush();
    const other = await startTokenService({
      store,
      clock,
      retry: { retries: 0 },
      tokenEndpoint: one.server.tokenEndpoint,
    });
    clock.advance(3_580_000);
    one.server.script({ status: 503 });
    const { published } = subscribe();

    const { value } = await other.tokens.getToken();

    expect(value).toBe('token-1');
    await until(() => published.length === 5);
    expect(published.at(-1)).toMatchObject({ at: 'asyncEnd', message: { reason: 'cold', hasFallback: true } });
  });

  test('runs a grant with the stores that a subscriber has bound', async () => {
    const traces = new AsyncLocalStorage<string>();
    const { start } = tracingChannel('m2m-tokens:grant');
    start.bindStore(traces, (message) => `trace of ${(message as { service: string }).service}`);
    cleanUp(() => start.unbindStore(traces));
    const seen: unknown[] = [];
    const { tokens } = await startTokenService({
      fetch: (...request) => {
        seen.push(traces.getStore());
        return fetch(...request);
      },
    });

    await tokens.getToken();

    expect(seen).toEqual(['trace of orders']);
    expect(traces.getStore()).toBeUndefined();
  });

  test('can be left during a grant', async () => {
    const { tokens, server } = await startTokenService();
    const { published, unsubscribe } = subscribe();
    server.script(() => {
      unsubscribe();
      return granted('t');
    });

    await tokens.getToken({ scope: 'a' });
    await tokens.getToken({ scope: 'b' });

    expect(momentsOf(published)).toEqual(['start', 'end']);
    expect(server.grants).toHaveLength(2);
  });
});

describe('the channel of events', () => {
  /** Subscribes to the events until the test ends. */
  function events(): TokenEvent[] {
    const published: TokenEvent[] = [];
    const subscriber = (event: unknown): void => void published.push(event as TokenEvent);
    channel('m2m-tokens:event').subscribe(subscriber);
    cleanUp(() => channel('m2m-tokens:event').unsubscribe(subscriber));
    return published;
  }

  test('publishes the events of each token service and of its adapters, with the name of the service', async () => {
    const one = await startTokenService({ name: 'one', clientId: 'a', retry: { retries: 0 } });
    const other = await startTokenService({ name: 'other', clientId: 'b' });
    const published = events();
    one.server.script(refused('invalid_client'));

    await failureOf(one.tokens.getToken());
    await other.tokens.getToken();
    other.tokens.report?.({ type: 'request.resent', method: 'GET', origin: 'https://api', reason: 'token rejected' });

    expect(published.map(({ type, service }) => `${service} ${type}`)).toEqual([
      'one grant.failed',
      'one token.unavailable',
      'other grant.succeeded',
      'other token.awaited',
      'other request.resent',
    ]);
    expect(published).toEqual(expect.arrayContaining([...one.events, ...other.events]));
  });

  test('gets nothing after the last subscriber has left', async () => {
    const { tokens } = await startTokenService();
    const subscriber = (): never => {
      throw new Error('called');
    };
    channel('m2m-tokens:event').subscribe(subscriber);
    channel('m2m-tokens:event').unsubscribe(subscriber);

    expect((await tokens.getToken()).value).toBe('token-1');
  });
});
