import { tracingChannel } from 'node:diagnostics_channel';

import { expect, test } from '@jest/globals';

import { dpop } from '../../src/grant/dpop.js';
import { observeTokens } from '../../src/telemetry/opentelemetry/index.js';
import { granted, refused } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { startTraces } from '../support/telemetry.js';
import { type RunningTokenService, startTokenService } from '../support/token-service.js';
import { settle } from '../support/tokens.js';
import { until } from '../support/until.js';

const second = 1_000;
const unavailable = { status: 503, body: 'no' };

/** Starts a token service that is observed by OpenTelemetry and through the tracing channel. */
async function startObserved(options: Parameters<typeof startTokenService>[0] = {}) {
  const service = await startTokenService({ random: () => 0.5, ...options });
  const { tracerProvider, spans } = startTraces();
  observeTokens(service.tokens, { tracerProvider });
  const ended: { readonly attempts: number }[] = [];
  const subscribers = { asyncEnd: (message: object) => void ended.push(message as { attempts: number }) };
  const grants = tracingChannel<unknown, object>('m2m-tokens:grant');
  // The types require all subscribers.
  grants.subscribe(subscribers as Parameters<typeof grants.subscribe>[0]);
  cleanUp(() => grants.unsubscribe(subscribers as Parameters<typeof grants.unsubscribe>[0]));
  /** The number of attempts of each grant, as its span and its message say. */
  const counts = () => [
    spans().map(({ attributes }) => attributes['m2m.grant.attempts']),
    ended.map(({ attempts }) => attempts),
  ];
  const retries = () =>
    spans().flatMap((span) => span.events.map(({ attributes = {} }) => attributes['m2m.grant.attempt']));
  return { ...service, counts, retries };
}

/** The types and the attempts of the events that have an attempt. */
const attemptsIn = ({ events }: Pick<RunningTokenService, 'events'>) =>
  events.flatMap((event) => ('attempt' in event ? [[event.type, event.attempt]] : []));

/** Lets the time pass until a call has ended, and returns its token. */
async function valueOf({ clock }: RunningTokenService, call: Promise<{ readonly value: string }>): Promise<string> {
  const ended = new Set<string>();
  void call.then(({ value }) => ended.add(value));
  await until(() => {
    if (clock.asleep() > 0) clock.advance(100);
    return ended.size > 0;
  });
  return (await call).value;
}

test('an attempt that the rate limit suppresses has no number', async () => {
  const service = await startObserved();
  const { tokens, server, clock, events, counts, retries } = service;
  server.script(unavailable, { status: 429, headers: { 'retry-after': '4' } }, granted('token-1'));
  const waiting = tokens.getToken({ scope: 'a' });
  await until(() => clock.asleep() > 0);
  // The other token request fails and waits for its retry, too.
  const other = tokens.getToken({ scope: 'b' });
  await until(() => clock.asleep() > 1);

  clock.advance(100);
  await until(() => events.some(({ type }) => type === 'grant.suppressed'));
  await settle();
  expect(await valueOf(service, waiting)).toBe('token-1');
  await valueOf(service, other);

  const ofA = events.filter((event) => 'requestedScope' in event && event.requestedScope === 'a');
  expect(attemptsIn({ events: ofA })).toEqual([
    ['grant.failed', 1],
    ['grant.retry_scheduled', 1],
    ['grant.retry_scheduled', undefined],
    ['grant.succeeded', 2],
  ]);
  expect(counts()).toEqual([
    [2, 2],
    [2, 2],
  ]);
  expect(retries()).toEqual(expect.arrayContaining([1, undefined]));
  expect(server.grants).toHaveLength(4);
});

test('the number goes on after a suspension of the process', async () => {
  const { tokens, server, clock, counts, ...service } = await startObserved();
  server.script(
    () => {
      clock.advance(16 * second);
      return unavailable;
    },
    unavailable,
    granted('token-1'),
  );

  expect(await valueOf({ ...service, tokens, server, clock }, tokens.getToken())).toBe('token-1');

  expect(attemptsIn(service)).toEqual([
    ['grant.failed', 1],
    ['grant.failed', 2],
    ['grant.retry_scheduled', 2],
    ['grant.succeeded', 3],
  ]);
  expect(counts()).toEqual([[3], [3]]);
});

test('a token request that is resent with another secret has the next number', async () => {
  const secrets = ['old', 'new'];
  const { tokens, server, counts, ...service } = await startObserved({ clientSecret: () => secrets.shift() ?? 'new' });
  server.script(refused('invalid_client', { status: 401 }), granted('token-1'));

  await tokens.getToken();

  expect(attemptsIn(service)).toEqual([
    ['grant.failed', 1],
    ['grant.succeeded', 2],
  ]);
  expect(counts()).toEqual([[2], [2]]);
});

test('a token request that is resent because its token came too late has the next number', async () => {
  const { tokens, server, clock, counts, ...service } = await startObserved();
  server.script(() => {
    clock.advance(10 * second);
    return granted('late', { expires_in: 10 });
  }, granted('token-2'));

  await tokens.getToken();

  expect(attemptsIn(service).at(-1)).toEqual(['grant.succeeded', 2]);
  expect(counts()).toEqual([[2], [2]]);
});

test('a token request that is resent with a DPoP nonce has the next number', async () => {
  const { tokens, server, counts, retries, ...service } = await startObserved({ dpop: dpop() });
  server.script(
    { ...refused('use_dpop_nonce'), headers: { 'dpop-nonce': 'nonce-1' } },
    granted('token-1', { token_type: 'DPoP' }),
  );

  await tokens.getToken();

  expect(service.events).toMatchObject([{ type: 'grant.succeeded', attempt: 2, dpopNonce: true }]);
  expect(counts()).toEqual([[2], [2]]);
  expect(retries()).toEqual([2]);
});

test('an attempt whose preparation fails has no number', async () => {
  let reads = 0;
  const clientSecret = () => {
    reads += 1;
    if (reads === 1) throw new Error('no secret');
    return 'secret';
  };
  const service = await startObserved({ clientSecret });

  expect(await valueOf(service, service.tokens.getToken())).toBe('token-1');

  expect(attemptsIn(service)).toEqual([
    ['grant.failed', undefined],
    ['grant.retry_scheduled', undefined],
    ['grant.succeeded', 1],
  ]);
  expect(service.counts()).toEqual([[1], [1]]);
});

test('a grant without a token request has 0 attempts', async () => {
  const service = await startObserved({
    retry: { retries: 0 },
    clientSecret: () => {
      throw new Error('no secret');
    },
  });

  await expect(service.tokens.getToken()).rejects.toThrow('could not be read');

  expect(service.counts()).toEqual([[0], [0]]);
  expect(service.server.grants).toEqual([]);
});
