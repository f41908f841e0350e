import { GrantUnavailableError } from '../../core/errors.js';
import { findTokenError } from '../errors/network-error.js';

/**
 * The `fetch` of the user. It may send tokens of another token service: a failure of that one is the cause of its error,
 * so that the `Retry-After` of another server does not count as one of the authorization server.
 */
export function userFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (error) {
      const cause = findTokenError(error);
      if (cause === undefined) throw error;
      const message = 'the option "fetch" got no token for a request to the authorization server; see "cause"';
      throw new GrantUnavailableError(message, { cause, retryable: cause.retryable });
    }
  };
}
