import type { ServerMetadata } from 'openid-client';

import { cleanIssuer, cleanList } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';

/**
 * The first of these methods that is in the metadata; without a list there, the first method. RFC 8414 §2 has the
 * default `client_secret_basic`, but the user's choice is more specific.
 * @throws {ConfigurationError} if there is none. The message lists the methods that the authorization server supports.
 */
export function supportedMethod(server: ServerMetadata, ...methods: readonly [string, ...string[]]): string {
  const supported = server.token_endpoint_auth_methods_supported;
  if (!Array.isArray(supported)) return methods[0];
  const method = methods.find((each) => supported.includes(each));
  if (method !== undefined) return method;
  const list = cleanList(supported);
  throw new ConfigurationError(
    `${cleanIssuer(server.issuer)} does not support ${methods.join(' or ')}: its metadata list ` +
      `${list === '' ? 'no method' : `"${list}"`}; set "clientAuthentication" to a listed method or, if the metadata ` +
      'are wrong, "tokenEndpoint" instead of "issuer"',
  );
}
