import { type FetchTokenOptions, type FetchWithToken, withBearerToken } from '../../src/adapters/fetch/index.js';
import { startSurroundings, type Surroundings } from './adapter-service.js';

/** A `fetch` for the API, with tokens, in its surroundings; `inner` is what it sends by. */
export async function startFetch(
  options: Partial<FetchTokenOptions> = {},
  inner: typeof fetch = fetch,
): Promise<Surroundings & { readonly send: FetchWithToken }> {
  const surroundings = await startSurroundings();
  const { tokens, api, onEvent } = surroundings;
  const send = withBearerToken(inner, tokens, { origins: [api.origin], onEvent, ...options });
  return { ...surroundings, send };
}
