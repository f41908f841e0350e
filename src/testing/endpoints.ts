import type { FakeEndpoint } from './received-request.js';
import type { PlainResponse } from './scripted-answers.js';

const paths: Readonly<Record<string, FakeEndpoint>> = {
  '/.well-known/oauth-authorization-server': 'metadata',
  '/.well-known/openid-configuration': 'metadata',
  '/token': 'token',
  '/revoke': 'revocation',
  '/introspect': 'introspection',
  '/jwks': 'jwks',
};

/** The endpoint of a path with or without a query. */
export const endpointOf = (url: string): FakeEndpoint => paths[url.split('?')[0] ?? ''] ?? 'other';

/** The URLs of the endpoints. */
export const endpointsOf = (issuer: string) => ({
  tokenEndpoint: `${issuer}/token`,
  revocationEndpoint: `${issuer}/revoke`,
  introspectionEndpoint: `${issuer}/introspect`,
  jwksUri: `${issuer}/jwks`,
});

/** The metadata (RFC 8414 §2, OpenID Connect Discovery 1.0 §3). */
export function metadataOf(issuer: string): object {
  const { tokenEndpoint, revocationEndpoint, introspectionEndpoint, jwksUri } = endpointsOf(issuer);
  return {
    issuer,
    token_endpoint: tokenEndpoint,
    revocation_endpoint: revocationEndpoint,
    introspection_endpoint: introspectionEndpoint,
    jwks_uri: jwksUri,
    grant_types_supported: [
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    token_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
    ],
    response_types_supported: ['token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

/** The response to a client that has not authenticated (RFC 6749 §5.2). */
export const invalidClient: PlainResponse = {
  status: 401,
  headers: { 'www-authenticate': 'Basic realm="fake"' },
  body: { error: 'invalid_client' },
};
