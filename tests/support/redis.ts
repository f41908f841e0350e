import { test as anyTest } from '@jest/globals';
import { createClient } from 'redis';

import { cleanUp } from './clean-up.js';
import { redisProgram } from './install-redis.js';
import { type RedisServer, type RedisServerOptions, runRedis } from './redis-server.js';

/** `test` where there is a Redis server; elsewhere what it is given is skipped, which install-redis.ts tells. */
export const test = redisProgram() === undefined ? (anyTest.skip as typeof anyTest) : anyTest;

/** Starts a Redis server on loopback; it is killed when the test ends. */
export async function startRedis(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await runRedis(options);
  cleanUp(() => server.kill());
  return server;
}

/** Connects a client; it is closed when the test ends. */
export async function connectRedis({ url }: { readonly url: string }) {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  cleanUp(() => client.destroy());
  return client;
}
