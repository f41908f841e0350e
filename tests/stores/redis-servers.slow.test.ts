import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

import { expect } from '@jest/globals';
import { createClient, createCluster, createSentinel } from 'redis';

import { AccessToken } from '../../src/core/access-token.js';
import { redisStore } from '../../src/stores/redis.js';
import { toStored } from '../../src/stores/token-record.js';
import type { StoredToken } from '../../src/stores/token-store.js';
import { cleanUp } from '../support/clean-up.js';
import { runRedis } from '../support/redis-server.js';
import { connectRedis, emptyRedis, startRedis, test } from '../support/redis.js';

const token: StoredToken = { version: 1, issuedAt: 1_000, expiresAt: 61_000, payload: 'a' };

test('uses at most 1 KiB for each of ten thousand keys, besides the token [D13]', async () => {
  const client = await emptyRedis();
  const store = redisStore(client);
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  const [count, length] = [10_000, 900];
  const before = await used();

  for (let first = 0; first < count; first += 100) {
    const some = Array.from({ length: 100 }, (_none, index) => {
      const value = String(first + index).padEnd(length, 'x');
      const fields = {
        value,
        scope: 'orders:read orders:write',
        issuedAt: Date.now(),
        expiresAt: Date.now() + 3_600_000,
      };
      const key = String(first + index).padStart(43, 'k');
      return store.set(key, toStored(key, new AccessToken(fields)), 3_600_000);
    });
    await Promise.all(some);
  }

  expect(await client.dbSize()).toBe(count);
  expect(((await used()) - before) / count - length).toBeLessThanOrEqual(1_024);
});

test('releases a lease that a paused Redis gives after the caller has given up [D8]', async () => {
  const redis = await startRedis();
  const client = await connectRedis(redis);
  const store = redisStore(client);
  const waiting = new AbortController();

  redis.process.kill('SIGSTOP');
  const late = store.lease('a', 60_000, waiting);
  await setTimeout(50);
  waiting.abort();
  redis.process.kill('SIGCONT');

  expect(await late).toBeUndefined();
  expect(await store.lease('a', 60_000)).toBeDefined();
});

test('does not send an abandoned command when Redis is back [D8]', async () => {
  const redis = await startRedis();
  const client = await connectRedis(redis);
  const store = redisStore(client);
  const waiting = new AbortController();

  await redis.kill();
  const failing = store.set('a', token, 60_000, waiting);
  waiting.abort();
  await expect(failing).rejects.toThrow('abort');
  const again = await runRedis({ port: redis.port });
  cleanUp(() => again.kill());
  await client.ping();

  expect(await store.get('a')).toBeUndefined();
});

test('adds a listener for errors of the client, unless there is one [D8]', async () => {
  const redis = await startRedis();
  const [silent, observed] = [createClient({ url: redis.url }), await connectRedis(redis)];
  const store = redisStore(silent);
  redisStore(silent);
  redisStore(observed);
  await silent.connect();
  cleanUp(() => silent.destroy());

  await redis.kill();
  await once(silent, 'reconnecting');

  expect([silent, observed].map((client) => client.listenerCount('error'))).toEqual([1, 1]);
  await expect(store.get('a', { signal: AbortSignal.abort() })).rejects.toThrow('abort');
});

test('works with a cluster client, and keeps the entries of a key in one slot', async () => {
  const redis = await startRedis({ settings: ['--cluster-enabled', 'yes'] });
  const node = await connectRedis(redis);
  await node.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
  while (!(await node.sendCommand<string>(['CLUSTER', 'INFO'])).includes('cluster_state:ok')) await setTimeout(10);
  const cluster = createCluster({ rootNodes: [{ url: redis.url }] });
  await cluster.connect();
  cleanUp(() => cluster.destroy());
  const store = redisStore(cluster);

  await store.set('a', token, 60_000);
  const lease = await store.lease('a', 60_000);

  expect(await store.get('a')).toEqual(token);
  expect(await store.lease('a', 60_000)).toBeUndefined();
  const slots = await Promise.all((await node.keys('*')).map((key) => node.sendCommand(['CLUSTER', 'KEYSLOT', key])));
  expect(slots).toHaveLength(2);
  expect(new Set(slots).size).toBe(1);
  await lease?.release();
  expect(await store.lease('a', 60_000)).toBeDefined();
});

test('works with a Sentinel client', async () => {
  const [redis, sentinel] = await Promise.all([startRedis(), startRedis({ isSentinel: true })]);
  const watcher = await connectRedis(sentinel);
  await watcher.sendCommand(['SENTINEL', 'MONITOR', 'tokens', '127.0.0.1', String(redis.port), '1']);
  const client = createSentinel({
    name: 'tokens',
    sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }],
  });
  await client.connect();
  cleanUp(() => client.destroy());
  const store = redisStore(client);

  await store.set('a', token, 60_000);
  const lease = await store.lease('a', 60_000);

  expect(await store.get('a')).toEqual(token);
  expect(await store.lease('a', 60_000)).toBeUndefined();
  await lease?.release();
  expect(await store.lease('a', 60_000)).toBeDefined();
});
