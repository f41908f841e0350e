/**
 * Calls `getToken` once for each of three lines on stdin, and prints the outcomes. The test suspends the process
 * between the calls. Its argument is the token endpoint.
 */
import { createInterface } from 'node:readline';

import { createTokenService } from '../../src/service/token-service.js';

const tokens = createTokenService({
  tokenEndpoint: process.argv[2],
  clientId: 'orders',
  clientSecret: 's3cret',
  timeoutMs: 400,
  retry: { deadlineMs: 1_000 },
});

for await (const _line of createInterface({ input: process.stdin })) {
  const outcomes = await Promise.all(
    [1, 2].map(() => tokens.getToken().then((token) => [token.value, token.remainingMs() > 0], String)),
  );
  console.log(JSON.stringify(outcomes));
}
