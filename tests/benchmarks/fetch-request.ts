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

  const ours = requests(withBearerToken(fetch, tokens, { origins: [api.origin] }), url, {});
  // What one writes without a library, if the token is asked for each time.
  const byHand: typeof fetch = async (input, init) => {
    const token = await tokens.getToken();
    return fetch(input, { ...init, headers: { ...(init?.headers as object), authorization: token.authorization } });
  };
  // Call by call: over rounds of twenty the same code differs from itself three times as much.
  const rounds = { calls: 1, rounds: 5001, warmUpRounds: 4000 };

  const results: Result[] = [
    {
      name: 'fetch over loopback / static header',
      unit: 'ns',
      ...(await pairedRounds({ ours, other: requests(fetch, url, { authorization }), ...rounds })),
      target: { of: 'ratio', atMost: 1.02 },
    },
    {
      name: 'fetch over loopback / three lines by hand',
      unit: 'ns',
      ...(await pairedRounds({ ours, other: requests(byHand, url, {}), ...rounds })),
    },
  ];
  await api.close();
  return results;
}

function requests(send: typeof fetch, url: string, headers: Record<string, string>): Contender {
  return async (calls) => {
    for (let call = 0; call < calls; call += 1) {
      const response = await send(url, { headers: { accept: 'application/json', ...headers } });
      await response.json();
    }
  };
}
