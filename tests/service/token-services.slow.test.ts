import { channel } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { expect, test } from '@jest/globals';

import { createTokenServices } from '../../src/service/token-services.js';
import { observeTokens } from '../../src/telemetry/opentelemetry/index.js';
import { startMetrics } from '../support/telemetry.js';
import { tenantOptions } from '../support/token-services.js';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;
const mebibyte = 1_048_576;

async function heapInUse(): Promise<number> {
  for (let turn = 0; turn < 5; turn += 1) {
    await setImmediate();
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

test('2,000 tenants in 50 services leave nothing behind, although they are observed', async () => {
  const granted = { access_token: 'a-token', token_type: 'Bearer', expires_in: 3600 };
  const secrets: WeakRef<object>[] = [];
  const services = createTokenServices(
    (tenant) => {
      const clientSecret = (): string => 'secret';
      secrets.push(new WeakRef(clientSecret));
      return tenantOptions(tenant, { clientSecret, fetch: async () => Response.json(granted) });
    },
    { max: 50 },
  );
  const { meterProvider, series } = startMetrics();
  observeTokens(services, { meterProvider });
  const { signal } = new AbortController();
  const useTenants = async (from: number, to: number): Promise<void> => {
    for (let tenant = from; tenant < to; tenant += 1) {
      await services.of(`tenant-${tenant}`).getToken(undefined, { signal });
    }
  };

  await useTenants(0, 200);
  const [before, resources] = [await heapInUse(), process.getActiveResourcesInfo().length];
  await useTenants(200, 2_000);
  const after = await heapInUse();

  // The services would take 40 MB. `npm run benchmark -- tenants` does the same with 10,000 tenants.
  expect((after - before) / mebibyte).toBeLessThan(8);
  expect(secrets.filter((secret) => secret.deref() !== undefined).length).toBeLessThan(100);
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(resources);
  expect(channel('m2m-tokens:event').hasSubscribers).toBe(false);
  expect(services.stats()).toMatchObject({ evictions: 1_950, opening: 0, requests: { grant: 2_000 } });
  expect(await series('m2m.token.grant.duration')).toMatchObject([{ value: 2_000 }]);
  expect(await series('m2m.token.requests')).toHaveLength(5);
}, 60_000);
