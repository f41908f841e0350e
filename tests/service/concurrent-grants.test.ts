import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { GrantUnavailableError } from '../../src/core/errors.js';
import { withRateLimit } from '../../src/layers/rate-limit.js';
import { withRetry } from '../../src/layers/retry.js';
import { createTokenService } from '../../src/service/token-service.js';
import { granted } from '../support/authorization-server.js';
import { startHttpServer } from '../support/http-server.js';
import { manualSource, settle } from '../support/tokens.js';

describe('different token requests at once, all without a token', () => {
  test.each([
    ['50 grants by default', undefined, 50],
    ['as many grants as the option allows', 7, 7],
  ])('have at most %s in flight, and all get a token [D27]', async (_, maxConcurrentGrants, limit) => {
    const calls = 4 * limit;
    let inFlight = 0;
    let most = 0;
    let arrived = 0;
    const isFull = () => inFlight >= limit || arrived === calls;
    const server = await startHttpServer(async () => {
      arrived += 1;
      inFlight += 1;
      // Answers once as many grants are in flight as may be, and leaves time for one too many.
      for (let turns = 0; turns < 20; turns = isFull() ? turns + 1 : 0) await setImmediate();
      most = Math.max(most, inFlight);
      inFlight -= 1;
      return granted('token');
    });
    const tokens = createTokenService({
      tokenEndpoint: `${server.origin}/token`,
      clientId: 'orders',
      clientSecret: 'secret',
      maxConcurrentGrants,
    });

    const results = await Promise.all(
      Array.from({ length: calls }, (_unused, tenant) => tokens.getToken({ scope: `tenant:${tenant}` })),
    );

    expect(results).toHaveLength(calls);
    expect(most).toBe(limit);
  });
});

test('a call that waits for its turn until its deadline fails with GrantUnavailableError, and no grant is sent [D27 B6]', async () => {
  const source = manualSource();
  const tokens = withRetry({ deadlineMs: 30, retries: 0 })(withRateLimit({ maxConcurrentGrants: 1 })(source));
  const first = tokens.getToken({ scope: 'a' });
  await settle();

  const failure = await tokens.getToken({ scope: 'b' }).catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(GrantUnavailableError);
  expect(failure).toMatchObject({ retryable: true });
  expect(source.calls).toHaveLength(1);
  source.last().reject(new GrantUnavailableError('away'));
  await expect(first).rejects.toThrow('away');
});
