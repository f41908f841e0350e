import { builtPackage } from './built-package.js';
import { heapInUse } from './heap.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** Measures the memory after many more different token requests than the cache may hold. */
export async function manyScopes(): Promise<Result[]> {
  const { createTokenService } = await builtPackage();
  const maxTokens = 1_000;
  let kept = 0;
  const tokens = createTokenService({
    ...tokenEndpointInProcess(),
    cache: { maxTokens },
    onEvent: ({ type }) => {
      if (type === 'grant.succeeded') kept += 1;
      if (type === 'token.evicted') kept -= 1;
    },
  });
  const ask = async (from: number, to: number): Promise<void> => {
    for (let scope = from; scope < to; scope += 1) await tokens.getToken({ scope: `scope-${scope}` });
  };

  await ask(0, 10_000);
  const before = await heapInUse();
  await ask(10_000, 100_000);
  const after = await heapInUse();

  return [
    {
      name: 'heap growth from 10,000 to 100,000 scopes',
      unit: 'KiB',
      ours: (after - before) / 1024,
      target: { of: 'ours', atMost: 1024 },
    },
    {
      name: 'tokens kept after 100,000 scopes',
      unit: 'count',
      ours: kept,
      target: { of: 'ours', atMost: maxTokens },
    },
  ];
}
