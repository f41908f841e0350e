// Three processes of a service make one grant, because they share tokens through Redis. One command starts them, a token endpoint
// that counts, and a Redis server, if REDIS_URL does not name one: npx tsx examples/fleet.ts
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
  // The connection is not awaited: without Redis a replica starts too, with a grant of its own.
  client.connect().catch(() => {});
  const store = redisStore(client, { prefix: `fleet-${process.ppid}:` });
  await createTokenService({ tokenEndpoint, clientId: 'orders-service', clientSecret: 'a secret', store }).ready();
  process.send?.('ready');
}

async function startFleet() {
  const redis = process.env.REDIS_URL ? undefined : spawn('redis-server', ['--port', new URL(url).port, '--save', '']);
  redis?.on('error', () => console.error('there is no redis-server: each process asks for itself'));
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
