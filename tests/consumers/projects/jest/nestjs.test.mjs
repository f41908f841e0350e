// Runs the example of NestJS as `nest build` and `node dist/main` do.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freePort, newClient, startService } from './service.mjs';

const start = async (client) => {
  const PORT = await freePort();
  const environment = { ...client.environment, PORT };
  const service = await startService(['dist/nestjs/main.js'], { environment, ready: /successfully started/ });
  return { ...service, url: `http://127.0.0.1:${PORT}` };
};

test('starts with a token, replaces a rejected one, and revokes it at the end', async () => {
  const client = newClient();
  const service = await start(client);
  assert.deepEqual(await client.state(), { grants: 1, revoked: [] });

  const ready = await fetch(`${service.url}/readyz`);
  const orders = await fetch(`${service.url}/orders`);
  await service.end();

  assert.deepEqual([ready.status, await ready.json()], [200, { isReady: true }]);
  assert.deepEqual([orders.status, await orders.json()], [200, { authorization: `Bearer ${client.id}-2` }]);
  assert.deepEqual(await client.state(), { grants: 2, revoked: [`${client.id}-2`] });
  assert.match(service.output(), /\[Tokens\] \S+ granted "[\w-]+" a token for 3600 s/);
  assert.match(service.output(), /\[Tokens\] .* rejected the token of a GET; resending with another token/);
  assert.doesNotMatch(service.output(), new RegExp(`${client.id}-\\d`));
});

test('does not start if the authorization server rejects the client, and says why', async () => {
  const client = newClient('another-secret');
  const service = await start(client);

  assert.equal(await service.ended(), 1);
  assert.match(service.output(), /ERROR \[\w+\].*rejected the grant of client "[\w-]+" \(invalid_client/);
  assert.doesNotMatch(service.output(), /another-secret/);
});
