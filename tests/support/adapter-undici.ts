import { Agent, type Dispatcher } from 'undici';

import { bearerTokenInterceptor, type BearerTokenInterceptorOptions } from '../../src/adapters/undici/index.js';
import { startSurroundings, type Surroundings } from './adapter-service.js';
import { cleanUp } from './clean-up.js';

/** The parts of the dispatcher of {@link startUndici}. */
export interface DispatcherSetup {
  /** @default an Agent */
  readonly makeDispatcher?: (origin: string) => Dispatcher;
  /** Interceptors that are composed before ours. */
  readonly below?: readonly Dispatcher.DispatcherComposeInterceptor[];
  /** Interceptors that are composed after ours. */
  readonly above?: readonly Dispatcher.DispatcherComposeInterceptor[];
}

/** Starts both servers, and makes a dispatcher that sends tokens to the API. */
export async function startUndici(
  options: Partial<BearerTokenInterceptorOptions> = {},
  { makeDispatcher = () => new Agent(), below = [], above = [] }: DispatcherSetup = {},
): Promise<Surroundings & { readonly dispatcher: Dispatcher }> {
  const surroundings = await startSurroundings();
  const { tokens, api, onEvent } = surroundings;
  const plain = makeDispatcher(api.origin);
  cleanUp(() => plain.destroy());
  const ours = bearerTokenInterceptor(tokens, { origins: [api.origin], onEvent, ...options });
  return { ...surroundings, dispatcher: plain.compose(...below, ours, ...above) };
}
