import { channel } from 'node:diagnostics_channel';

import { describe, expect, test } from '@jest/globals';

import { memoryStore } from '../../src/stores/memory.js';
import { granted } from '../support/authorization-server.js';
import { failureOf } from '../support/grant-outcome.js';
import { startTokenService } from '../support/token-service.js';
import { until } from '../support/until.js';
import { leaksIn } from './leaks-in.js';
import { markedSecret, markedToken } from './marks.js';
import { recordTelemetry } from './telemetry.js';

const token = markedToken(1);

test('the canary sees a token in a message of a channel and in a metric', async () => {
  const { tokens } = await startTokenService({ fetch: async () => Response.json(granted('t').body) });
  const telemetry = recordTelemetry(tokens);
  await tokens.getToken();

  channel('m2m-tokens:event').publish({ type: 'planted', token });
  tokens.report?.({ type: 'request.resent', method: 'GET', origin: `x ${token}`, reason: 'token rejected' });

  const leaks = leaksIn(await telemetry.artefacts());
  expect(leaks).toContainEqual(expect.stringContaining('messages of the channels: token'));
  expect(leaks).toContainEqual(expect.stringContaining('metrics: token'));
});

describe('channels, spans and metrics hold no secret and no token', () => {
  test('of the grants of a day: the first one, renewals, rejections, a rotation and an outage [F4]', async () => {
    let secret = markedSecret;
    const { tokens, server, clock } = await startTokenService({
      clientSecret: () => ({ value: secret, expiresAt: 1_800_000_000_000 }),
      retry: { retries: 0 },
      random: () => 0.5,
      keepMembers: ['instance_url'],
    });
    const telemetry = recordTelemetry(tokens);
    server.script(() => granted(markedToken(server.grants.length), { instance_url: token, refresh_token: token }));
    const hour = 3_600_000;

    const first = await tokens.getToken();
    clock.advance(0.95 * hour);
    await tokens.getToken();
    await until(() => server.grants.length === 2);
    secret = `two ${markedSecret}`;
    await tokens.getToken({ scope: 'a', parameters: { password: markedSecret } });
    await tokens.getToken(undefined, { replacing: first });
    server.script({ status: 503, body: { error: 'server_error', error_description: `not ${secret}` } });
    clock.advance(2 * hour);
    await failureOf(tokens.getToken());
    await failureOf(tokens.getToken());

    expect(leaksIn(await telemetry.artefacts())).toEqual([]);
    expect(telemetry.messages.size).toBeGreaterThan(10);
  });

  test('of a store that repeats the token in its errors [F4]', async () => {
    const store = memoryStore();
    const failing = async () => {
      throw Object.assign(new Error(`READONLY ${token}`), { command: { args: [token] } });
    };
    const { tokens, server } = await startTokenService({ store: { ...store, get: failing } });
    server.script(() => granted(token));
    const telemetry = recordTelemetry(tokens);

    await tokens.getToken();
    await tokens.flush();

    expect(leaksIn(await telemetry.artefacts())).toEqual([]);
    expect([...telemetry.messages]).toContainEqual(expect.objectContaining({ type: 'store.failed' }));
  });
});
