// Three processes of a service share a token through Redis, so that one grant is sent. The program starts the processes, an
// authorization server that counts grants and, unless REDIS_URL is set, a Redis server: npx tsx examples/fleet.ts
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';

import { createTokenService } from 'm2m-tokens';
import { redisStore } from 'm2m-tokens/redis';
import { fakeAuthorizationServer } from 'm2m-tokens/testing';
import { createClient } from 'redis';

const { TOKEN_ENDPOINT, REDIS_URL: url = 'redis://127.0.0.1:6399' } = process.env;
await (TOKEN_ENDPOINT === undefined ? startFleet() : startReplica(TOKEN_ENDPOINT));

async function startReplica(tokenEndpoint: string) {
  const client = createClient({ url });
  client.on('error', (error: Error) => console.error(`redis: ${error.message}`));
  // Not awaited: without Redis, the replica starts with its own grant.
  client.connect().catch(() => {});
  const store = redisStore(client, { prefix: `fleet-${process.ppid}:` });
  await createTokenService({ tokenEndpoint, clientId: 'orders-service', clientSecret: 'a secret', store }).ready();
  process.send?.('ready');
}

async function startFleet() {
  const redis = process.env.REDIS_URL ? undefined : spawn('redis-server', ['--port', new URL(url).port, '--save', '']);
  redis?.on('error', () => console.error('redis-server cannot be started: each process sends its own grant'));
  const server = await fakeAuthorizationServer({ clients: { 'orders-service': 'a secret' } });
  server.answer({ delayMs: 1_000, times: Infinity });
  const env = { ...process.env, TOKEN_ENDPOINT: server.tokenEndpoint };
  const replicas = [1, 2, 3].map(() => fork(import.meta.filename, { env }));
  await Promise.all(replicas.map((replica) => once(replica, 'message')));
  console.log(`${replicas.length} processes have a token, grants: ${server.grants.length}`);
  for (const child of [...replicas, redis]) child?.kill();
  await server.close();
}
