import { randomBytes } from 'node:crypto';

import { expect } from '@jest/globals';

import { startAuthorizationServer } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { startRedis, test } from '../support/redis.js';
import { startFleet } from './fleet.js';
import { slowProxy } from './slow-proxy.js';

const keys = [randomBytes(32).toString('base64')];

// The response takes 60 ms.
test.each([
  { values: 'plain', when: 'before the command is sent', setup: {}, blockAfterMs: 0 },
  { values: 'encrypted', when: 'before the command is sent', setup: { keys }, blockAfterMs: 0 },
  { values: 'plain', when: 'before the response arrives', setup: {}, blockAfterMs: 20 },
  { values: 'encrypted', when: 'before the response arrives', setup: { keys }, blockAfterMs: 20 },
])(
  'a process whose event loop is blocked for a second, $when, takes the $values token from Redis [B9 D8]',
  async ({ setup, blockAfterMs }) => {
    const server = await startAuthorizationServer();
    const proxy = await slowProxy((await startRedis()).port);
    cleanUp(() => proxy.close());
    const redis = `redis://127.0.0.1:${proxy.port}`;
    const [one, other] = await startFleet(2, { tokenEndpoint: server.tokenEndpoint, redis, ...setup });
    await one?.ask();
    proxy.delay(60);

    const report = await other?.askAndBlock(blockAfterMs);

    expect(report).toMatchObject({ answers: [{ token: 'token-1' }], events: [] });
    expect(server.grants).toHaveLength(1);
  },
);
