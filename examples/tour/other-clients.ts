import type { TokenSource } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';
import { bearerTokenInterceptor } from 'm2m-tokens/undici';
import { Agent } from 'undici';

/** Adds a token source to `fetch` and undici. */
export function otherClients(tokens: TokenSource, origin: string) {
  const origins = [origin];
  // #region
  const authorizedFetch = withBearerToken(fetch, tokens, { origins });
  const addsToken = bearerTokenInterceptor(tokens, { origins });
  const dispatcher = new Agent().compose(addsToken); // undici
  // #endregion
  return { authorizedFetch, dispatcher };
}
