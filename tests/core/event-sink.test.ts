import { runInNewContext } from 'node:vm';

import { expect, test } from '@jest/globals';

import { eventSink } from '../../src/core/event-sink.js';
import type { TokenEvent } from '../../src/core/events.js';
import { createTokenService } from '../../src/service/token-service.js';
import type { EventLogger } from '../../src/telemetry/logging.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { granting } from '../support/grant-outcome.js';
import { warnings } from '../support/warnings.js';

const warning =
  'An event sink of m2m-tokens failed on "token.evicted"; its further failures are not reported: Error: disk full';
const event: TokenEvent = { type: 'token.evicted', requestedScope: 'a', scope: 'a' };

test('hands each event to each sink, in order', () => {
  const heard: [string, TokenEvent][] = [];
  const sink = eventSink(
    (told) => heard.push(['first', told]),
    undefined,
    (told) => heard.push(['second', told]),
  );

  sink(event);

  expect(heard).toEqual([
    ['first', event],
    ['second', event],
  ]);
});

test('is silent without a sink', () => {
  expect(() => eventSink(undefined)(event)).not.toThrow();
});

test('a sink that throws disturbs neither the other sinks nor the caller, and is reported as a warning', () => {
  const heard = warnings();
  const others: TokenEvent[] = [];
  const sink = eventSink(
    () => {
      throw new Error('disk full');
    },
    (told) => others.push(told),
  );

  sink(event);

  expect(others).toEqual([event]);
  expect(heard).toEqual([warning]);
});

// Jest fails a test that leaves a rejection unhandled.
test('an asynchronous sink that fails leaves no rejection unhandled, and is reported as a warning', async () => {
  const heard = warnings();

  // oxlint-disable-next-line typescript/no-misused-promises -- what a user may do all the same
  eventSink(() => Promise.reject(new Error('disk full')))(event);
  await new Promise(setImmediate);

  expect(heard).toEqual([warning]);
});

test.each<[string, () => unknown]>([
  ['a promise of another realm', () => runInNewContext('Promise.reject(new Error("disk full"))')],
  // oxlint-disable-next-line unicorn/no-thenable -- what a user may return
  ['a thenable', () => ({ then: (_done: unknown, fail: (reason: unknown) => void) => fail(new Error('disk full')) })],
])('a sink that returns %s which fails is reported as a warning [F13]', async (_what, make) => {
  const heard = warnings();

  eventSink(make)(event);
  await new Promise(setImmediate);

  expect(heard).toEqual([warning]);
});

test.each<[string, () => unknown]>([
  ['an object without a prototype', () => Object.create(null)],
  ['nothing', () => undefined],
  [
    'an error whose text cannot be read',
    () => ({
      toString: () => {
        throw new Error('no');
      },
    }),
  ],
])('a sink that fails with %s disturbs nobody [F13]', async (_what, reason) => {
  const heard = warnings();

  eventSink(
    () => Promise.reject(reason()),
    () => {
      throw reason();
    },
  )(event);
  await new Promise(setImmediate);

  expect(heard).toHaveLength(2);
});

test('a thenable that throws is reported as a warning [F13]', () => {
  const heard = warnings();

  eventSink(() => ({
    // oxlint-disable-next-line unicorn/no-thenable -- what a user may return
    get then() {
      throw new Error('disk full');
    },
  }))(event);

  expect(heard).toHaveLength(1);
});

test('a logger whose methods reject leaves no rejection unhandled [F13]', async () => {
  const heard = warnings();
  const write = () => Promise.reject(new Error('disk full'));
  const logger = { debug: write, info: write, warn: write, error: write } as unknown as EventLogger;
  const server = await startAuthorizationServer();
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    clientId: 'orders',
    clientSecret: 's',
    logger,
  });

  const token = await tokens.getToken();
  await new Promise(setImmediate);

  expect(token.value).toBe('token-1');
  expect(heard).toEqual([warning.replace('token.evicted', 'grant.succeeded')]);
});

test('each sink that always fails is reported once, and still gets each event', async () => {
  const heard = warnings();
  const calls: string[] = [];
  const sink = eventSink(
    () => {
      calls.push('throws');
      throw new Error('disk full');
    },
    () => {
      calls.push('rejects');
      return Promise.reject(new Error('disk full'));
    },
  );

  for (let count = 0; count < 3; count += 1) sink(event);
  await new Promise(setImmediate);

  expect(heard).toEqual([warning, warning]);
  expect(calls).toEqual(['throws', 'rejects', 'throws', 'rejects', 'throws', 'rejects']);
});

test('a sink that throws does not cost the caller the token', async () => {
  const heard = warnings();
  const server = await startAuthorizationServer();
  const { tokens } = granting({
    tokenEndpoint: server.tokenEndpoint,
    onEvent: () => {
      throw new Error('disk full');
    },
  });

  const token = await tokens.getToken();

  expect(token.value).toBe('token-1');
  expect(heard).toHaveLength(1);
});
