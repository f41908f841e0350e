import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { checks } from './checks.cjs';
import { newClient, startService } from './service.mjs';

const client = newClient();
const production = await start('start', client);
after(() => production.end());

for (const name of Object.keys(checks)) {
  test(`a route handler: ${name}`, async () => {
    const response = await fetch(`${production.origin}/checks?check=${encodeURIComponent(name)}`);
    assert.deepEqual([response.status, await response.text()], [200, 'passed']);
  });
}

test('the example has one token service for its start, route handlers and server components, and revokes at the end', async () => {
  assert.deepEqual(await client.state(), { grants: 1, revoked: [] });

  const handled = await respond(production);
  const page = await (await fetch(`${production.origin}/orders`)).text();
  await production.end();

  assert.deepEqual(handled, [200, { authorization: `Bearer ${client.id}-2` }]);
  assert.match(page, /The API responds with (<!-- -->)?200/);
  assert.deepEqual(await client.state(), { grants: 2, revoked: [`${client.id}-2`] });
  const token = new RegExp(`${client.id}-\\d`);
  assert.doesNotMatch(page, token);
  assert.doesNotMatch(production.output(), token);
  assert.deepEqual(
    filesIn('.next').filter((file) => token.test(readFileSync(file, 'utf8'))),
    [],
  );
});

test('without a token, the example starts, answers with 503 and logs what to do', async () => {
  const service = await start('start', newClient('another-secret'));
  const response = await respond(service);
  await service.end();

  assert.deepEqual(response, [503, { message: 'The orders are not available' }]);
  assert.match(service.output(), /rejected the grant of client "[\w-]+" \(invalid_client/);
  assert.doesNotMatch(service.output(), /another-secret/);
});

test('in development, the example keeps its token when a changed file is loaded again', async () => {
  const other = newClient();
  const service = await start('dev', other);
  const first = await respond(service);
  const file = 'lib/tokens.ts';
  writeFileSync(file, `${readFileSync(file, 'utf8')}\nconsole.log('loaded again');\n`);
  let second;
  do second = await respond(service);
  while (!service.output().includes('loaded again'));
  await service.end();

  assert.deepEqual(second, first);
  assert.equal((await other.state()).grants, 2);
});

async function respond({ origin }) {
  const response = await fetch(`${origin}/api/orders`);
  return [response.status, await response.json()];
}

/** Next.js prints its address when it listens. */
async function start(command, { environment }) {
  const argv = ['node_modules/next/dist/bin/next', command, '--port', '0'];
  const service = await startService(argv, {
    environment: { ...environment, ...(command === 'start' && { NEXT_MANUAL_SIG_HANDLE: 'true' }) },
    ready: /Ready in/,
  });
  const [origin] = /http:\/\/localhost:\d+/.exec(service.output()) ?? [];
  if (origin === undefined) throw new Error(`Next.js did not start: ${service.output()}`);
  return { ...service, origin };
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile());
}
