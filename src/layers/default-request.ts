import { canonicalRequest, CanonicalTokenRequest, type TokenRequest } from '../core/token-request.js';
import type { Layer } from '../core/token-source.js';

/**
 * Fills what a request does not say from the default one, and hands the layers below a canonical request.
 * @throws {ConfigurationError} when the default request is malformed
 */
export function withDefaultRequest(defaults: TokenRequest = {}): Layer {
  const byDefault = canonicalRequest(defaults);
  const { scope, resource, audience, parameters } = byDefault;

  return (inner) => {
    const canonical = rememberRequests((request) =>
      canonicalRequest({ scope, resource, audience, parameters, ...saidIn(request) }),
    );

    return {
      getToken(request, options) {
        try {
          return inner.getToken(request === undefined ? byDefault : canonical(request), options);
        } catch (error) {
          return Promise.reject(error);
        }
      },
    };
  };
}

// Callers tend to pass the same object again and again. An object that could be changed in between is not relied on.
function rememberRequests(
  make: (request: TokenRequest) => CanonicalTokenRequest,
): (request: TokenRequest) => CanonicalTokenRequest {
  const made = new WeakMap<TokenRequest, CanonicalTokenRequest>();

  return (request) => {
    const known = made.get(request);
    if (known !== undefined) return known;
    const canonical = make(request);
    if (isDeeplyFrozen(request)) made.set(request, canonical);
    return canonical;
  };
}

const isDeeplyFrozen = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));

// A canonical request was made by another such layer: what is empty there was not asked for.
const saidIn = (request: TokenRequest): TokenRequest =>
  Object.fromEntries(
    Object.entries(request).filter(
      ([, value]) => value !== undefined && !(request instanceof CanonicalTokenRequest && isEmpty(value)),
    ),
  );

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;
