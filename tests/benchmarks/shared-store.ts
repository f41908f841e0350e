import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { AccessToken } from 'm2m-tokens';
import { createClient } from 'redis';

import { buildReplica, startReplica } from '../replicas/replicas.js';
import { redisProgram } from '../support/programs.js';
import { runRedis } from '../support/redis-server.js';
import { builtPackage } from './built-package.js';
import { pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { startTokenEndpoint, tokenEndpointInProcess } from './token-endpoint.js';

/** Compares a token from Redis with a `GET` of the same entry. */
export async function sharedHit(): Promise<Result[]> {
  if (redisProgram() === undefined) return skipped('shared hit');
  const { compose, createTokenService, redisStore, sharedTokens, withDefaultRequest, withSharedStore } =
    await builtPackage();
  const redis = await runRedis();
  const client = createClient({ url: redis.url });
  await client.connect();

  // As in a token service, but without the cache.
  const shared = withSharedStore(sharedTokens({ store: redisStore(client), identity: ['benchmark'] }));
  const tokens = compose(createTokenService(tokenEndpointInProcess()), shared, withDefaultRequest());
  const { value } = await tokens.getToken();
  let key: string | undefined;
  while (key === undefined) [key] = await client.keys('m2m-tokens:*');
  const entry = key;

  const comparison = await pairedRounds({
    ours: (calls) => repeat(calls, () => tokens.getToken()),
    other: (calls) => repeat(calls, () => client.get(entry)),
    calls: 500,
    rounds: 60,
    warmUpRounds: 10,
  });
  const last: AccessToken = await tokens.getToken();
  client.destroy();
  await redis.kill();
  if (last.value !== value) throw new Error('the token did not come from Redis');

  const name = 'token from Redis / GET of its entry';
  // Happens once for each token and process. The time is that of deadline, key, checksum and circuit breaker.
  return [{ name, unit: 'ns', ...comparison, target: { of: 'added', atMost: 50_000 } }];
}

/** Counts the grants of fifty processes that start together, with and without Redis. */
export async function coldProcesses(): Promise<Result[]> {
  if (redisProgram() === undefined) return skipped('cold processes');
  const redis = await runRedis();
  const program = await buildReplica();
  const grants = async (url: string | undefined): Promise<number> => {
    const endpoint = await startTokenEndpoint();
    const setup = { tokenEndpoint: endpoint.options.tokenEndpoint, redis: url };
    const replicas = await Promise.all(Array.from({ length: 50 }, () => startReplica(program, setup)));
    await Promise.all(replicas.map((replica) => replica.ask()));
    await Promise.all(replicas.map((replica) => replica.kill()));
    endpoint.close();
    return endpoint.grants;
  };

  const [ours, other] = [await grants(redis.url), await grants(undefined)];
  await redis.kill();
  await rm(dirname(program), { recursive: true });
  return [{ name: 'grants for 50 cold processes', unit: 'count', ours, other, target: { of: 'ours', atMost: 1 } }];
}

async function repeat(calls: number, call: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < calls; done += 1) await call();
}

function skipped(name: string): Result[] {
  process.stderr.write(`${name} is skipped because redis-server is not installed\n`);
  return [];
}
