import { cleanIssuer, cleanUrl } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import { hrefOf, type InsecureUrl, isInsecureUrl } from '../core/insecure-url.js';
import { isSecure, parseUrl } from '../core/secure-url.js';
import type { AuthorizationServerOptions } from '../grant/authorization-server.js';

/** The options that are URLs of the authorization server. */
export const serverUrlNames = ['issuer', 'tokenEndpoint', 'revocationEndpoint'] as const;

/**
 * Checks the URLs of an authorization server.
 * @throws {ConfigurationError} if one is malformed, or uses http to another machine without `dangerouslyAllowHttp`
 *   (RFC 6749 §3.2 and §10.8)
 */
export function checkServerUrls(urls: Pick<AuthorizationServerOptions, (typeof serverUrlNames)[number]>): void {
  for (const name of serverUrlNames) {
    const given = urls[name];
    if (given !== undefined) checkServerUrl(name, given);
  }
}

function checkServerUrl(name: string, given: string | InsecureUrl): void {
  const value = hrefOf(given);
  const url = parseUrl(value);
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new ConfigurationError(`"${name}" must not hold credentials; use "clientId" and "clientSecret"`);
  }
  if (url === undefined || value.includes('#')) {
    throw new ConfigurationError(
      `"${name}" must be an absolute URL without a fragment, not "${url === undefined ? cleanUrl(value) : cleanIssuer(value)}"`,
    );
  }
  if (isSecure(url) || isInsecureUrl(given)) return;
  const advice = `; if a service mesh encrypts the requests, set ${name}: dangerouslyAllowHttp('${cleanIssuer(value)}')`;
  throw new ConfigurationError(
    `"${name}" must be an https URL, or http to this machine: the credentials would be sent to ${url.origin} unencrypted` +
      (url.protocol === 'http:' ? advice : ''),
  );
}
