import { describe, expect, test } from '@jest/globals';

import { observeTokens } from '../../src/telemetry/opentelemetry/index.js';
import { type Answer, type Handler } from '../support/http-server.js';
import { granted } from '../support/authorization-server.js';
import { failureOf } from '../support/grant-outcome.js';
import { memoryLog } from '../support/memory-log.js';
import { startMetrics } from '../support/telemetry.js';
import { startTokenService } from '../support/token-service.js';

const second = 1_000;
const unavailable = { status: 503, body: 'no' };

/** A token service whose first grant has failed, ten seconds ago. */
async function startFailing() {
  const log = memoryLog();
  const service = await startTokenService({ retry: { retries: 0 }, logger: log.logger });
  const { meterProvider, series } = startMetrics();
  observeTokens(service.tokens, { meterProvider });
  const { tokens, server, clock, events } = service;
  const failedAt = clock.now();
  server.script(unavailable);
  await failureOf(tokens.getToken());
  clock.advance(10 * second);
  const gauge = async (name: string) => (await series(name)).map(({ value }) => value);
  const state = async () => ({
    lines: log.kinds(),
    recovered: events.filter(({ type }) => type === 'renewal.recovered').length,
    tokens: tokens.stats().tokens,
    renewed: await gauge('m2m.token.renewed'),
    cached: await gauge('m2m.cache.size'),
  });
  /** The response to a grant, after which the token has expired. */
  const late: Handler = (): Answer => {
    clock.advance(12 * second);
    return granted('late', { expires_in: 10 });
  };
  return { ...service, failedAt, state, late };
}

const failing = (failedAt: number) => ({
  recovered: 0,
  tokens: [{ expiresAt: undefined, renewedAt: undefined, failingSince: failedAt }],
  renewed: [],
  cached: [0],
});

describe('a token that has expired on arrival ends no failure in events, log, snapshot and metrics', () => {
  test('if it is discarded after a suspension, and the next grant fails [B7 B11]', async () => {
    const { tokens, server, state, events, late, failedAt } = await startFailing();
    server.script(late, unavailable);

    await failureOf(tokens.getToken());

    expect(events.map(({ type }) => type)).toEqual([
      'grant.failed',
      'token.unavailable',
      'grant.succeeded',
      'token.expired_on_arrival',
      'grant.failed',
      'token.unavailable',
    ]);
    expect(await state()).toMatchObject({
      lines: ['error token.unavailable', 'warn token.expired_on_arrival'],
      ...failing(failedAt),
    });
  });

  test('if a caller gets it once [A15]', async () => {
    const { tokens, server, state, failedAt } = await startFailing();
    server.script(granted('short', { expires_in: 0 }));

    expect((await tokens.getToken()).value).toBe('short');

    expect(await state()).toMatchObject({
      lines: ['error token.unavailable', 'warn token.expired_on_arrival'],
      ...failing(failedAt),
    });
  });
});

test('a usable token after one that was discarded is the recovery [B11]', async () => {
  const { tokens, server, clock, state, late } = await startFailing();
  server.script(late, granted('token-2'));

  expect((await tokens.getToken()).value).toBe('token-2');

  expect(await state()).toMatchObject({
    lines: ['error token.unavailable', 'warn token.expired_on_arrival', 'info grant.succeeded'],
    tokens: [{ renewedAt: clock.now(), failingSince: undefined }],
    renewed: [clock.now() / second],
    cached: [1],
  });
});
