import { setTimeout } from 'node:timers/promises';

import { expect } from '@jest/globals';

import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { startRedis, test } from '../support/redis.js';
import { startFleet } from './fleet.js';

test('fifty processes make one grant at their start, and one at each renewal [D5 D7 D17]', async () => {
  const [lifetimeMs, lifetimes] = [3_000, 3];
  const server = await startAuthorizationServer();
  const grants: Record<string, number> = { long: 0, short: 0 };
  server.script(async ({ body }) => {
    const scope = new URLSearchParams(body).get('scope') ?? '';
    const number = (grants[scope] ?? 0) + 1;
    grants[scope] = number;
    // Long enough for all calls to begin before the response.
    await setTimeout(scope === 'long' ? 1_000 : 50);
    return granted(`${scope}-${number}`, { expires_in: scope === 'long' ? 3_600 : lifetimeMs / 1_000 });
  });
  const redis = await startRedis();
  const setup = { tokenEndpoint: server.tokenEndpoint, redis: redis.url, deadlineMs: 60_000 };
  const replicas = await startFleet(50, setup);

  const starting = replicas.map(async (replica, index) => {
    // Two processors cannot run fifty processes at once.
    await setTimeout(index * 10);
    return replica.ask({ scope: 'long' });
  });
  const first = await Promise.all(starting);
  const repeating = { forMs: lifetimes * lifetimeMs, everyMs: 50 };
  const reports = await Promise.all(replicas.map((replica) => replica.repeat(repeating, { scope: 'short' })));

  const tokens = first.flatMap(({ answers }) => answers.map(({ token, error }) => token ?? error));
  expect(tokens).toEqual(replicas.map(() => 'long-1'));
  expect(grants['long']).toBe(1);
  // A token is renewed after 70 % of its lifetime at the earliest. A shorter gap is a grant too many.
  const answers = reports.flatMap((report) => report.answers);
  const issued = new Map(answers.map(({ token, issuedAt = Number.NaN }) => [token, issuedAt]));
  const times = [...issued.values()].toSorted((a, b) => a - b);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.7 * lifetimeMs);
  expect(gaps.length).toBeGreaterThanOrEqual(lifetimes);
  // Each token but the last was used, no replica returned an older token after a newer one, and no call failed.
  expect(grants['short']).toBeLessThanOrEqual(issued.size + 1);
  for (const report of reports) {
    const own = report.answers.map(({ issuedAt }) => issuedAt ?? Number.NaN);
    expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
  expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
}, 120_000);

test('one more grant serves all others when the process with the lease is killed [D11]', async () => {
  const deadlineMs = 3_000;
  const server = await startAuthorizationServer();
  // The first grant gets no response.
  server.script(() => undefined, granted('token-2'));
  const redis = await startRedis();
  const [holder, ...others] = await startFleet(6, {
    tokenEndpoint: server.tokenEndpoint,
    redis: redis.url,
    deadlineMs,
  });

  const lost = holder?.ask();
  while (server.grants.length === 0) await setTimeout(5);
  const waiting = others.map((replica) => replica.ask());
  await setTimeout(100);
  await Promise.all([holder?.kill(), expect(lost).rejects.toThrow('SIGKILL')]);
  const reports = await Promise.all(waiting);

  const answers = reports.flatMap((report) => report.answers);
  expect(answers.map(({ token, error }) => token ?? error)).toEqual(others.map(() => 'token-2'));
  expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(deadlineMs);
  expect(server.grants).toHaveLength(2);
});

test('another process sends a grant when the grant of the first one fails', async () => {
  const server = await startAuthorizationServer();
  server.script(async () => {
    await setTimeout(300);
    return { status: 400, body: { error: 'invalid_request' } };
  }, granted('token-2'));
  const redis = await startRedis();
  const [first, ...others] = await startFleet(3, { tokenEndpoint: server.tokenEndpoint, redis: redis.url });

  const failing = first?.ask();
  while (server.grants.length === 0) await setTimeout(5);
  const reports = await Promise.all(others.map((replica) => replica.ask()));

  expect((await failing)?.answers[0]?.error).toMatch('invalid_request');
  expect(reports.flatMap(({ answers }) => answers.map(({ token }) => token))).toEqual(['token-2', 'token-2']);
  expect(server.grants).toHaveLength(2);
});
