import { type FetchTokenOptions, type FetchWithToken, withBearerToken } from '../../src/adapters/fetch/index.js';
import { startSurroundings, type Surroundings } from './adapter-service.js';

/** Starts both servers, and makes a `fetch` that sends tokens to the API by `inner`. */
export async function startFetch(
  options: Partial<FetchTokenOptions> = {},
  inner: typeof fetch = fetch,
): Promise<Surroundings & { readonly send: FetchWithToken }> {
  const surroundings = await startSurroundings();
  const { tokens, api, onEvent } = surroundings;
  const send = withBearerToken(inner, tokens, { origins: [api.origin], onEvent, ...options });
  return { ...surroundings, send };
}
