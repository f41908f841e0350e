import { afterAll, test as anyTest } from '@jest/globals';
import { createClient } from 'redis';

import { cleanUp } from './clean-up.js';
import { redisProgram } from './programs.js';
import { type RedisServer, type RedisServerOptions, runRedis } from './redis-server.js';

/** `test` where there is a Redis server; elsewhere what it is given is skipped, which programs.ts tells. */
export const test = redisProgram() === undefined ? (anyTest.skip as typeof anyTest) : anyTest;

/** Starts a Redis server on loopback; it is killed when the test ends. */
export async function startRedis(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await runRedis(options);
  cleanUp(() => server.kill());
  return server;
}

// One for a file: to start one for each test would take longer than the tests.
let ofThisFile: Promise<RedisServer> | undefined;

afterAll(async () => (await ofThisFile)?.kill());

/** A client of an empty Redis server that the tests of a file share; it is closed when the test ends. */
export async function emptyRedis() {
  const client = await connectRedis(await (ofThisFile ??= runRedis()));
  await client.flushAll();
  return client;
}

/** Connects a client; it is closed when the test ends. */
export async function connectRedis({ url }: { readonly url: string }) {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  cleanUp(() => client.destroy());
  return client;
}
