import {
  canonicalRequest,
  CanonicalTokenRequest,
  checkTokenRequest,
  type TokenRequest,
} from '../core/token-request.js';
import { checkGetTokenOptions, type Layer } from '../core/token-source.js';

/**
 * Fills in what a token request leaves out from the default one, and passes a canonical request to the layers below.
 * @throws {ConfigurationError} when the default request is malformed
 */
export function withDefaultRequest(defaults: TokenRequest = {}): Layer {
  const byDefault = canonicalRequest(defaults);
  const { scope, resource, audience, parameters } = byDefault;

  return (inner) => ({
    async getToken(request, options) {
      if (options !== undefined) checkGetTokenOptions(options);
      if (request === undefined) return inner.getToken(byDefault, options);
      checkTokenRequest(request);
      return inner.getToken(
        canonicalRequest({ scope, resource, audience, parameters, ...givenMembers(request) }),
        options,
      );
    },
  });
}

// A canonical request comes from another layer of this kind. It has all members; those that were not given are empty.
const givenMembers = (request: TokenRequest): TokenRequest =>
  Object.fromEntries(
    Object.entries(request).filter(
      ([, value]) =>
        value !== undefined && !(request instanceof CanonicalTokenRequest && Object.keys(value).length === 0),
    ),
  );
