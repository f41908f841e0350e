import { expect, test } from '@jest/globals';

import { startHttpServer } from '../support/http-server.js';
import { startProxy } from '../support/proxy.js';
import { runProgram } from '../support/run-program.js';

// Node.js reads NODE_USE_ENV_PROXY when it starts, from 22.21 and 24.5 on.
test('a request to http goes to no proxy with NODE_USE_ENV_PROXY', async () => {
  const [endpoint, proxy] = [await startHttpServer(() => ({ body: 'from-the-endpoint' })), await startProxy()];

  const { stdout } = await runProgram('tests/identity/behind-proxy.ts', {
    environment: { ENDPOINT: endpoint.origin, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.url.href },
  });

  expect([stdout, proxy.read()]).toEqual(['from-the-endpoint\n', '']);
});
