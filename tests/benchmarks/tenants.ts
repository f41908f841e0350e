import { builtPackage } from './built-package.js';
import { heapInUse } from './heap.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** Measures the memory of one token service for each of 10,000 tenants, and of their tokens. */
export async function tenants(): Promise<Result[]> {
  const { createTokenServices } = await builtPackage();
  const [tenantCount, tokensOfEach, fewTenants] = [10_000, 10, 1_000];
  const servicesFor = (max: number) => {
    const options = tokenEndpointInProcess();
    return createTokenServices((tenant) => ({ ...options, clientId: tenant }), { max });
  };
  const nameOf = (tenant: number): string => `tenant-${tenant}`;

  const bounded = servicesFor(100);
  const useAll = async (round: number): Promise<void> => {
    for (let tenant = 0; tenant < tenantCount; tenant += 1) await bounded.of(nameOf(tenant)).getToken();
    if (bounded.stats().evictions < round * (tenantCount - 100)) throw new Error('no service was closed');
  };
  await useAll(1);
  const before = await heapInUse();
  await useAll(2);
  const growth = (await heapInUse()) - before;

  const all = servicesFor(tenantCount);
  const empty = await heapInUse();
  for (let tenant = 0; tenant < tenantCount; tenant += 1) await all.of(nameOf(tenant)).getToken();
  const withTenants = await heapInUse();
  for (let tenant = 0; tenant < fewTenants; tenant += 1) {
    for (let scope = 1; scope < tokensOfEach; scope += 1) {
      await all.of(nameOf(tenant)).getToken({ scope: `scope-${scope}` });
    }
  }
  const withTokens = await heapInUse();
  const kept = all.stats().cache.size;
  if (kept !== tenantCount + fewTenants * (tokensOfEach - 1)) throw new Error('a token is missing');

  return [
    {
      name: 'heap of one tenant with one token, of 10,000',
      unit: 'bytes',
      ours: (withTenants - empty) / tenantCount,
      target: { of: 'ours', atMost: 40_000 },
    },
    {
      name: 'heap of each further token of a tenant',
      unit: 'bytes',
      ours: (withTokens - withTenants) / (fewTenants * (tokensOfEach - 1)),
      target: { of: 'ours', atMost: 6_000 },
    },
    {
      name: 'heap growth when 10,000 tenants use 100 services',
      unit: 'KiB',
      ours: growth / 1024,
      // A leak of the services would be 230,000 KiB.
      target: { of: 'ours', atMost: 2_048 },
    },
  ];
}
