import {
  canonicalRequest,
  CanonicalTokenRequest,
  checkTokenRequest,
  type TokenRequest,
} from '../core/token-request.js';
import { checkGetTokenOptions, type Layer } from '../core/token-source.js';

/**
 * Fills in the members that a token request leaves out, from a default token request.
 * @throws {ConfigurationError} if the default token request is malformed
 * @example
 * ```ts
 * import { staticToken } from 'm2m-tokens';
 * import { compose, withDefaultRequest } from 'm2m-tokens/layers';
 *
 * const tokens = compose(staticToken('a-token'), withDefaultRequest({ scope: 'orders:read' }));
 * ```
 */
export function withDefaultRequest(defaults: TokenRequest = {}): Layer {
  const complete = requestDefaults(defaults);

  return (inner) => ({
    async getToken(request, options) {
      if (options !== undefined) checkGetTokenOptions(options);
      return inner.getToken(complete(request), options);
    },
  });
}

/**
 * Makes the function that fills in the members that a token request leaves out.
 * @throws {ConfigurationError} if the default token request is malformed; the function, if the token request is
 */
export function requestDefaults(defaults: TokenRequest): (request?: TokenRequest) => CanonicalTokenRequest {
  const byDefault = canonicalRequest(defaults);
  const { scope, resource, audience, parameters, authorizationDetails } = byDefault;
  return (request) => {
    if (request === undefined) return byDefault;
    checkTokenRequest(request);
    return canonicalRequest({ scope, resource, audience, parameters, authorizationDetails, ...givenMembers(request) });
  };
}

// A canonical request comes from another layer of this kind. Members that its caller did not set are empty.
function givenMembers(request: TokenRequest): TokenRequest {
  const isCanonical = request instanceof CanonicalTokenRequest;
  const given = Object.entries(request).filter(
    ([, value]) => value !== undefined && !(isCanonical && Object.keys(value as object).length === 0),
  );
  const subject = isCanonical && { subjectToken: request.subjectToken, assertion: request.assertion };
  return { ...Object.fromEntries(given), ...subject };
}
