import { abortable } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { requestKey, type TokenRequest } from '../core/token-request.js';
import type { GetTokenOptions, Layer } from '../core/token-source.js';

/**
 * Lets callers that ask for the same token at the same time share one call to the inner source, its outcome and its
 * failure. A failure is not kept: the next caller asks again.
 */
export function withSingleFlight(): Layer {
  return (inner) => {
    const flights = new Map<string, Promise<AccessToken>>();

    function takeOff(key: string, request: TokenRequest | undefined, options: GetTokenOptions): Promise<AccessToken> {
      const { replacing, minValidityMs } = options;
      // Without the caller's signal: one caller who gives up must not fail the others.
      const call = async () => inner.getToken(request, { replacing, minValidityMs });
      const flight = call().finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    }

    async function join(request: TokenRequest | undefined, options: GetTokenOptions): Promise<AccessToken> {
      const key = requestKey(request);
      const joined = flights.get(key);
      if (joined !== undefined) {
        const token = await abortable(joined, options.signal);
        // A flight that set off without knowing of the rejected token may come back with it.
        if (token.value !== options.replacing?.value) return token;
      }
      return abortable(flights.get(key) ?? takeOff(key, request, options), options.signal);
    }

    return { getToken: (request, options = {}) => join(request, options) };
  };
}
