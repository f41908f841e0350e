import { AsyncResource } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';

import { expect, test } from '@jest/globals';

import { systemClock } from '../../src/core/clock.js';
import { observeTokens } from '../../src/telemetry/opentelemetry/index.js';
import { granted } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { startTraces } from '../support/telemetry.js';
import { startTokenService } from '../support/token-service.js';

/** Before version 24, Node.js gives each asynchronous resource a member for each AsyncLocalStorage that was ever used. */
const membersOfResource = (): number => Object.getOwnPropertySymbols(new AsyncResource('test')).length;

function subscribe() {
  const grants = tracingChannel<unknown, { readonly service: string; readonly attempts: number }>('m2m-tokens:grant');
  const ended: [service: string, attempts: number][] = [];
  const subscribers = {
    start: () => undefined,
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: ({ service, attempts }: { readonly service: string; readonly attempts: number }) =>
      void ended.push([service, attempts]),
    error: () => undefined,
  };
  grants.subscribe(subscribers);
  cleanUp(() => grants.unsubscribe(subscribers));
  return ended;
}

test('a process with many observed token services has no more to do for each promise than with one', async () => {
  subscribe();
  const { tracerProvider } = startTraces();
  const grantInNewService = async () => {
    const { tokens } = await startTokenService();
    observeTokens(tokens, { tracerProvider });
    await tokens.getToken();
    return membersOfResource();
  };

  const withOne = await grantInNewService();
  const withMore = [await grantInNewService(), await grantInNewService(), await grantInNewService()];

  expect(withMore).toEqual([withOne, withOne, withOne]);
});

test('a grant within the grant of another token service counts its own attempts', async () => {
  const ended = subscribe();
  const { tracerProvider, spans } = startTraces();
  const inner = await startTokenService({ name: 'inner', clock: systemClock });
  inner.server.script({ status: 503 }, granted('inner'));
  const outer = await startTokenService({
    name: 'outer',
    clientSecret: async () => (await inner.tokens.getToken()).value,
  });
  for (const { tokens } of [inner, outer]) observeTokens(tokens, { tracerProvider });

  await outer.tokens.getToken();

  expect(ended).toEqual([
    ['inner', 2],
    ['outer', 1],
  ]);
  expect(spans().map(({ attributes }) => [attributes['m2m.client.name'], attributes['m2m.grant.attempts']])).toEqual(
    ended,
  );
});
