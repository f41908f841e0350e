import { Agent, type Dispatcher } from 'undici';

import { builtPackage } from './built-package.js';
import { loopbackApi } from './loopback-api.js';
import { type Contender, pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** A request of undici over loopback with a token, against one with a header that never changes. */
export async function undiciRequest(): Promise<Result[]> {
  const { bearerTokenInterceptor, createTokenService } = await builtPackage();
  const api = await loopbackApi();
  const tokens = createTokenService(tokenEndpointInProcess({ tokenLength: 900 }));
  const { authorization } = await tokens.getToken();
  const { origin } = api;

  const agents = [new Agent(), new Agent(), new Agent()] as const;
  const setHeader: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
    dispatch({ ...options, headers: { ...(options.headers as object), authorization } }, handler);
  const ours = requests(agents[0].compose(bearerTokenInterceptor(tokens, { origins: [origin] })), origin, {});
  const rounds = { calls: 40, rounds: 401, warmUpRounds: 400 };

  const results: Result[] = [
    {
      name: 'undici request over loopback / static header',
      unit: 'ns',
      ...(await pairedRounds({ ours, other: requests(agents[1], origin, { authorization }), ...rounds })),
      target: { of: 'ratio', atMost: 1.03 },
    },
    {
      name: 'undici request over loopback / interceptor that sets one',
      unit: 'ns',
      ...(await pairedRounds({ ours, other: requests(agents[2].compose(setHeader), origin, {}), ...rounds })),
    },
  ];
  await Promise.all([...agents.map((agent) => agent.destroy()), api.close()]);
  return results;
}

function requests(dispatcher: Dispatcher, origin: string, headers: Record<string, string>): Contender {
  return async (calls) => {
    for (let call = 0; call < calls; call += 1) {
      const all = { accept: 'application/json', ...headers };
      const { body } = await dispatcher.request({ origin, path: '/orders/1', method: 'GET', headers: all });
      await body.json();
    }
  };
}
