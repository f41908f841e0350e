import { expect, test } from '@jest/globals';

import { memoryStore } from '../../../src/stores/memory.js';
import { observeTokens } from '../../../src/telemetry/opentelemetry/index.js';
import { granted } from '../../support/authorization-server.js';
import { failureOf } from '../../support/grant-outcome.js';
import { startMetrics } from '../../support/telemetry.js';
import { startTokenService } from '../../support/token-service.js';

test('10,000 scopes make no more series than one', async () => {
  let grants = 0;
  const { meterProvider, collect } = startMetrics();
  const { tokens } = await startTokenService({
    store: memoryStore(),
    retry: { retries: 0 },
    random: () => 0.5,
    // A server on loopback would take a minute.
    fetch: async (_url, init) => {
      grants += 1;
      const { body } = init as { readonly body: URLSearchParams };
      const isFailure = body.get('scope')?.startsWith('failing') === true;
      return isFailure ? Response.json({}, { status: 503 }) : Response.json(granted('t').body);
    },
  });
  observeTokens(tokens, { meterProvider });
  const seriesOf = async (): Promise<Record<string, number>> =>
    Object.fromEntries(Object.entries(await collect()).map(([name, { dataPoints }]) => [name, dataPoints.length]));
  await tokens.getToken({ scope: 'a' });
  await failureOf(tokens.getToken({ scope: 'failing' }));
  await failureOf(tokens.getToken({ scope: 'failing' }));
  await tokens.flush();
  const before = await seriesOf();

  for (let batch = 0; batch < 100; batch += 1) {
    const scopes = Array.from({ length: 99 }, (_, index) => `s${batch}-${index}`);
    await Promise.allSettled([...scopes, `failing-${batch}`].map((scope) => tokens.getToken({ scope })));
  }
  await tokens.flush();

  expect(grants).toBeGreaterThan(9_900);
  expect(await seriesOf()).toEqual(before);
  expect(Math.max(...Object.values(before))).toBeLessThan(10);
});
