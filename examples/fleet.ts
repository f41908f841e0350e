// Three processes of a service share a token through Redis, so that one grant is sent. The program starts the processes, a token
// endpoint that counts grants and, unless REDIS_URL is set, a Redis server: npx tsx examples/fleet.ts
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createTokenService } from 'm2m-tokens';
import { redisStore } from 'm2m-tokens/redis';
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
  let grants = 0;
  const server = createServer((_request, response) => {
    const token = { access_token: `token-${(grants += 1)}`, token_type: 'Bearer', expires_in: 300 };
    setTimeout(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(token)), 1_000);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = { ...process.env, TOKEN_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token` };
  const replicas = [1, 2, 3].map(() => fork(import.meta.filename, { env }));
  await Promise.all(replicas.map((replica) => once(replica, 'message')));
  console.log(`${replicas.length} processes have a token, grants: ${grants}`);
  for (const child of [...replicas, redis]) child?.kill();
  server.close();
}
