import { describeBlank } from '../core/blanks.js';
import { cleanIssuer, cleanUrl } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import { hrefOf, type InsecureUrl, isInsecureUrl } from '../core/insecure-url.js';
import { isSecure, parseUrl } from '../core/secure-url.js';
import type { AuthorizationServerOptions } from '../grant/authorization-server.js';

type ServerUrls = Pick<
  AuthorizationServerOptions,
  'issuer' | 'tokenEndpoint' | 'revocationEndpoint' | 'protectedResource' | 'issuers'
>;

/** The given URLs of the authorization server, and of the API that names it, each with the name of its option. */
export function serverUrls(options: ServerUrls): readonly (readonly [string, string | InsecureUrl])[] {
  const single = (['issuer', 'tokenEndpoint', 'revocationEndpoint', 'protectedResource'] as const).flatMap((name) => {
    const url = options[name];
    return url === undefined ? [] : [[name, url] as const];
  });
  return [...single, ...(options.issuers ?? []).map((url) => ['issuers', url] as const)];
}

/**
 * Values from files and variables may contain stray line breaks and byte order marks. The URL parser removes some of
 * them silently.
 * @throws {ConfigurationError} if the client identifier or a URL has one
 */
export function checkBlanks({ clientId, ...options }: ServerUrls & { readonly clientId?: string | undefined }): void {
  for (const [name, value] of [['clientId', clientId ?? ''] as const, ...serverUrls(options)]) {
    const blank = describeBlank(hrefOf(value));
    if (blank !== undefined) throw new ConfigurationError(`"${name}" ${blank}; remove it where the option comes from`);
  }
}

/**
 * Checks the URLs of an authorization server.
 * @throws {ConfigurationError} if one is malformed, or uses http to another machine without `dangerouslyAllowHttp`
 *   (RFC 6749 §3.2 and §10.8)
 */
export function checkServerUrls(options: ServerUrls): void {
  for (const [name, url] of serverUrls(options)) checkServerUrl(name, url);
  if (options.tokenEndpoint !== undefined || options.revocationEndpoint === undefined) return;
  const given = options.issuer === undefined ? 'protectedResource' : 'issuer';
  throw new ConfigurationError(
    `"revocationEndpoint" requires "tokenEndpoint": with "${given}", it comes from the metadata`,
  );
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
  const allowed = `dangerouslyAllowHttp('${cleanIssuer(value)}')`;
  const setting = name === 'issuers' ? `[${allowed}]` : allowed;
  const advice = `; if a service mesh encrypts the requests, set ${name}: ${setting}`;
  const what = name === 'protectedResource' ? 'its metadata would come from' : 'the credentials would be sent to';
  throw new ConfigurationError(
    `"${name}" must be an https URL, or http to this machine: ${what} ${url.origin} unencrypted` +
      (url.protocol === 'http:' ? advice : ''),
  );
}
