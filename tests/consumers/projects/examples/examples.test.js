// Runs the examples, as they are, with the installed package.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freePort, newClient, startService } from './service.mjs';

test('Fastify replaces a rejected token, and revokes the last one at the end', async () => {
  const client = newClient();
  const PORT = await freePort();
  const environment = { ...client.environment, PORT };
  const service = await startService(['dist/fastify/main.js'], { environment, ready: /Server listening/ });
  const response = await fetch(`http://127.0.0.1:${PORT}/orders`);
  const body = await response.json();
  const { exitCode } = await service.end();

  assert.deepEqual([response.status, body, exitCode], [200, { authorization: `Bearer ${client.id}-2` }, 0]);
  assert.deepEqual(await client.state(), { grants: 2, revoked: [`${client.id}-2`] });
  assert.doesNotMatch(service.output(), new RegExp(`${client.id}-\\d`));
});

test('a function of AWS Lambda calls the API with a token', async () => {
  const client = newClient();
  Object.assign(process.env, client.environment);
  const { handler } = await import('./dist/aws-lambda/handler.js');
  const { statusCode, body } = await handler({ path: '/orders' });

  assert.deepEqual([statusCode, JSON.parse(body)], [200, { authorization: `Bearer ${client.id}-2` }]);
});

test('got resends an order with a new token', async () => {
  const { environment } = newClient();
  const program = await startService(['dist/got/main.js'], {
    environment: { ...environment, CLIENT_SECRET: 'secret' },
    ready: /authorization/,
  });

  assert.equal(await program.ended(), 0);
  assert.match(program.output(), /authorization: 'Bearer orders-service-\d+'/);
});
