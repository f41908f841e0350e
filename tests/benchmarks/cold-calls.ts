import { builtPackage } from './built-package.js';
import type { Result } from './result.js';
import { startTokenEndpoint } from './token-endpoint.js';

/** Counts the grants for a thousand concurrent calls without a cached token. */
export async function coldCalls(): Promise<Result[]> {
  const { createTokenService } = await builtPackage();
  const endpoint = await startTokenEndpoint();
  const tokens = createTokenService(endpoint.options);

  await Promise.all(Array.from({ length: 1_000 }, async () => tokens.getToken()));
  endpoint.close();

  return [
    { name: 'grants for 1,000 cold calls', unit: 'count', ours: endpoint.grants, target: { of: 'ours', atMost: 1 } },
  ];
}
