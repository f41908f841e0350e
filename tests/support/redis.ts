import { afterAll, test as anyTest } from '@jest/globals';
import { createClient } from 'redis';

import { cleanUp } from './clean-up.js';
import { redisProgram } from './programs.js';
import { type RedisServer, type RedisServerOptions, runRedis } from './redis-server.js';

/** `test` if a Redis server is installed, else `test.skip`; programs.ts prints a message. */
export const test = redisProgram() === undefined ? (anyTest.skip as typeof anyTest) : anyTest;

/** Starts a Redis server on loopback and kills it after the test. */
export async function startRedis(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await runRedis(options);
  cleanUp(() => server.kill());
  return server;
}

// One per test file: the start takes longer than a test.
let ofThisFile: Promise<RedisServer> | undefined;

afterAll(async () => (await ofThisFile)?.kill());

/** A client of an empty Redis server that the tests of a file share; it is closed after the test. */
export async function emptyRedis() {
  const client = await connectRedis(await (ofThisFile ??= runRedis()));
  await client.flushAll();
  return client;
}

/** Connects a client and closes it after the test. */
export async function connectRedis({ url }: { readonly url: string }) {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  cleanUp(() => client.destroy());
  return client;
}
