// A service with Fastify that calls an API. Run it with OAUTH_ISSUER, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and API_URL set:
// npx tsx examples/fastify/main.ts
import fastify from 'fastify';
import { isTokenError } from 'm2m-tokens';

import { tokensPlugin } from './tokens.js';

const apiUrl = process.env.API_URL ?? 'https://api.example.com';

const app = fastify({ logger: true });
app.register(tokensPlugin, { origins: [new URL(apiUrl).origin] });

// Without this, Fastify sends the `status` and the message of the error, which are meant for this service.
app.setErrorHandler((error, request, reply) => {
  if (!isTokenError(error)) throw error;
  request.log.error(error);
  return reply.code(503).send({ message: 'The orders are not available' });
});

app.get('/orders', async (_request, reply) => {
  const response = await app.api(`${apiUrl}/orders`);
  return reply.code(response.status).send(await response.json());
});

process.once('SIGTERM', () => void app.close());
await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '127.0.0.1' });
