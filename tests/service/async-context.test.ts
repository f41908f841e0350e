import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { expect, test } from '@jest/globals';

import { createTokenService } from '../../src/service/token-service.js';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('the context of the request that got the first token is not kept alive by the cache [D29]', async () => {
  // Node.js loads its fetch on first use, and keeps the context of that moment.
  await Response.json({}).text();
  const requests = new AsyncLocalStorage<object>();
  const tokens = createTokenService({
    tokenEndpoint: 'https://auth.example.com/token',
    clientId: 'orders',
    clientSecret: 'secret',
    fetch: async () => Response.json({ access_token: 'token', token_type: 'Bearer', expires_in: 3600 }),
  });
  let context: object | undefined = { of: 'the first request' };
  const reference = new WeakRef(context);

  await requests.run(context, async () => {
    await tokens.getToken();
    await tokens.getToken({ scope: 'orders:read' });
    await tokens.getToken();
  });
  context = undefined;
  for (let turn = 0; turn < 100 && reference.deref() !== undefined; turn += 1) {
    await setImmediate();
    collectGarbage();
  }

  expect(reference.deref()).toBeUndefined();
  // The token itself is still there.
  expect((await tokens.getToken()).value).toBe('token');
});
