import { builtPackage } from './built-package.js';
import { loopbackApi } from './loopback-api.js';
import { type Contender, pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** A fetch over loopback with a token, against one with a header that never changes. */
export async function fetchRequest(): Promise<Result[]> {
  const { createTokenService, withBearerToken } = await builtPackage();
  const api = await loopbackApi();
  const tokens = createTokenService(tokenEndpointInProcess({ tokenLength: 900 }));
  const { authorization } = await tokens.getToken();
  const url = `${api.origin}/orders/1`;

  const comparison = await pairedRounds({
    ours: requests(withBearerToken(fetch, tokens, { origins: [api.origin] }), url, {}),
    other: requests(fetch, url, { authorization }),
    calls: 20,
    rounds: 401,
    warmUpRounds: 1_000,
  });
  await api.close();
  return [
    {
      name: 'fetch over loopback / static header',
      unit: 'ns',
      ...comparison,
      target: { of: 'ratio', atMost: 1.02 },
    },
  ];
}

function requests(send: typeof fetch, url: string, headers: Record<string, string>): Contender {
  return async (calls) => {
    for (let call = 0; call < calls; call += 1) {
      const response = await send(url, { headers: { accept: 'application/json', ...headers } });
      await response.json();
    }
  };
}
