// Health checks for Kubernetes. The service is ready while it has a token or can obtain one within a second. Run it with
// OAUTH_ISSUER and CLIENT_SECRET set: npx tsx examples/kubernetes-probe.ts
//
//   readinessProbe: { httpGet: { path: /readyz, port: 8080 }, timeoutSeconds: 2 }
//   livenessProbe: { httpGet: { path: /healthz, port: 8080 } }
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createTokenService } from 'm2m-tokens';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});

async function answer({ url }: IncomingMessage, response: ServerResponse) {
  // A restart does not end an outage of the authorization server, so the liveness probe does not ask for a token.
  if (url === '/healthz') return response.end();
  if (url !== '/readyz') return response.writeHead(404).end();
  const ready = tokens.ready({ signal: AbortSignal.timeout(1_000) });
  const isReady = await ready.then(() => true).catch(() => false);
  response.writeHead(isReady ? 200 : 503, { 'content-type': 'application/json' });
  // For people. The snapshot holds no secret, but it names the client and its scopes.
  return response.end(JSON.stringify({ isReady, ...tokens.stats() }));
}

const server = createServer((request, response) => void answer(request, response));
// In a pod, listen on all of its addresses, and on the port of the probes.
await once(server.listen(0, '127.0.0.1'), 'listening');

// Here the program takes the place of Kubernetes. A service keeps the server open.
const { port } = server.address() as AddressInfo;
for (const path of ['/healthz', '/readyz']) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  console.log(path, response.status, await response.text());
}
server.close();
