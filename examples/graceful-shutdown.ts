// A service from its start to its end: it listens when it has a token, tells whether it is ready, and on SIGTERM finishes its
// calls and revokes the token. Run it with OAUTH_ISSUER, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET, API_URL and PORT set.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import axios from 'axios';
import { tokenServiceFromEnvironment } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

const tokens = tokenServiceFromEnvironment();
const api = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com', timeout: 10_000 });
api.interceptors.request.use(bearerToken(tokens));

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await tokens.ready({ signal: stop.signal }); // without a token it throws, and the process ends
// Without it, the token of a pod without calls expires, and the pod gets no calls, because it is not ready.
tokens.watch(({ error }) => error && console.warn('not renewed:', error.message), { signal: stop.signal });
const isReady = () => tokens.stats().tokens.some(({ expiresAt = 0 }) => expiresAt > Date.now());

async function answer({ url }: IncomingMessage, response: ServerResponse) {
  if (url === '/healthz') return response.end();
  if (url === '/readyz') return response.writeHead(isReady() ? 200 : 503).end();
  const { status } = await api.get<unknown>(url ?? '/', { validateStatus: () => true });
  return response.writeHead(status).end();
}

const server = createServer((request, response) => {
  response.once('close', () => stop.signal.aborted && server.closeIdleConnections()); // otherwise open for 5 s
  answer(request, response).catch(() => response.writeHead(502).end());
});
server.listen(Number(process.env.PORT ?? 8080));
await once(server, 'listening');
console.log('ready');

if (!stop.signal.aborted) await once(stop.signal, 'abort');
server.close(); // accepts no connection, and waits for the calls under way
await once(server, 'close');
await tokens.flush(); // with a store; then close its connection
console.log('revoked', await tokens.revoke());
