import { Agent, type Dispatcher } from 'undici';

import { bearerTokenInterceptor, type BearerTokenInterceptorOptions } from '../../src/adapters/undici/index.js';
import type { AccessToken } from '../../src/core/access-token.js';
import type { TokenSource } from '../../src/core/token-source.js';
import { startSurroundings, type Surroundings } from './adapter-service.js';
import { cleanUp } from './clean-up.js';

/** A dispatcher for the API, with tokens, in its surroundings. */
export async function startUndici(
  options: Partial<BearerTokenInterceptorOptions> = {},
  { makeDispatcher = () => new Agent(), above = [], atHand = false }: DispatcherSetup = {},
): Promise<Surroundings & { readonly dispatcher: Dispatcher }> {
  const surroundings = await startSurroundings();
  const { tokens, api, onEvent } = surroundings;
  const plain = makeDispatcher(api.origin);
  cleanUp(() => plain.destroy());
  const ours = bearerTokenInterceptor(atHand ? remembering(tokens) : tokens, {
    origins: [api.origin],
    onEvent,
    ...options,
  });
  if (atHand) await giveToken(ours, options.origins?.[0] ?? api.origin);
  return { ...surroundings, dispatcher: plain.compose(ours, ...above) };
}

/** What the dispatcher of {@link startUndici} is made from. */
export interface DispatcherSetup {
  /** @default an Agent */
  readonly makeDispatcher?: (origin: string) => Dispatcher;
  /** Interceptors that are composed after ours. */
  readonly above?: readonly Dispatcher.DispatcherComposeInterceptor[];
  /** Whether the interceptor has been given a token before, so that it need not wait for one. @default false */
  readonly atHand?: boolean;
}

// By a request that goes nowhere.
function giveToken(ours: Dispatcher.DispatcherComposeInterceptor, origin: string): Promise<void> {
  return new Promise((resolve) => {
    const swallow = (): boolean => {
      resolve();
      return true;
    };
    ours(swallow)({ origin, path: '/', method: 'GET' }, {});
  });
}

/** The same source, which gives its last answer again until somebody asks for another: as one does whose clock stands still. */
function remembering(tokens: TokenSource): TokenSource {
  let last: Promise<AccessToken> | undefined;
  return {
    getToken(request, options) {
      if (last === undefined || options?.replacing !== undefined) last = tokens.getToken(request, options);
      return last;
    },
  };
}
