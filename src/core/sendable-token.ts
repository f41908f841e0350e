import type { AccessToken } from './access-token.js';
import { ConfigurationError } from './errors.js';

/**
 * Makes a function that returns a token of `source` if it can be sent in a header and may be sent to the given origin.
 * Each token is checked once. The check does not use `instanceof`, because another copy of this package has another
 * class. An adapter gives `httpOrigins`: a certificate-bound token must not be sent to one of them, and a token of the
 * type `N_A` to no API.
 * @throws {ConfigurationError} whose message does not repeat the value
 */
export function sendableToken(
  source: string,
  httpOrigins?: readonly string[],
): (token: AccessToken, origin?: string) => AccessToken {
  const sendable = new WeakSet<AccessToken>();

  return (token, origin = '') => {
    if (!sendable.has(token)) {
      const { type, value, authorization, remainingMs } = Object(token) as Partial<AccessToken>;
      if (typeof value !== 'string' || authorization !== `${type} ${value}` || typeof remainingMs !== 'function') {
        throw new ConfigurationError(`${source} returned no AccessToken: its getToken() must resolve to one`);
      }
      if (!/^[\x21-\x7e]+ [\x21-\x7e]+$/.test(authorization)) {
        throw new ConfigurationError(
          `${source} returned a token that cannot be sent in a header: only visible ASCII without spaces is allowed`,
        );
      }
      if (type === 'N_A' && httpOrigins !== undefined) {
        throw new ConfigurationError(
          `${source} returned a token that is no access token (N_A, RFC 8693 §2.2.1): use it as the assertion or subject ` +
            'token of another token service',
        );
      }
      sendable.add(token);
    }
    if (httpOrigins?.includes(origin) && token.certificateThumbprint !== undefined) {
      throw new ConfigurationError(`a token that is bound to a client certificate is not sent to ${origin} by http`);
    }
    return token;
  };
}

/** A function that calls `getToken` of `source` and checks each token as {@link sendableToken} does. */
export function sendableTokens<Call extends readonly unknown[]>(
  source: string,
  getToken: (...call: Call) => Promise<AccessToken>,
): (...call: Call) => Promise<AccessToken> {
  const sendable = sendableToken(source);
  return async (...call) => sendable(await getToken(...call));
}
