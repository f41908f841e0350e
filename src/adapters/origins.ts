import { cleanUrl } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import { hrefOf, type InsecureUrl, isInsecureUrl } from '../core/insecure-url.js';
import { isSecure, ownRequests, parseUrl, sentUrl } from '../core/secure-url.js';

/**
 * The origin (scheme, host and port) of a URL that receives tokens.
 * @throws {ConfigurationError} if the URL is not absolute, or is http and not allowed (RFC 6750 §5.3)
 */
export function secureOrigin(url: string | InsecureUrl, option: string): string {
  const href = hrefOf(url);
  const parsed = parseUrl(href);
  if (parsed !== undefined && (isInsecureUrl(url) || isSecure(parsed))) return parsed.origin;
  const flaw =
    // `localhost:8080` is a URL of the scheme `localhost:`, which has no origin.
    parsed === undefined || parsed.origin === 'null'
      ? `${JSON.stringify(cleanUrl(href))}, which is not an absolute URL of https or http`
      : `${parsed.origin}: tokens are sent only over https, or over http to this machine`;
  const advice = `; if a service mesh encrypts the requests, set origins: [dangerouslyAllowHttp('${parsed?.origin}')]`;
  throw new ConfigurationError(`"${option}" holds ${flaw}${parsed?.protocol === 'http:' ? advice : ''}`);
}

/**
 * The origin of an entry of `origins`.
 * @throws {ConfigurationError} as {@link secureOrigin}; if the entry is a pattern, or has a path, query or credentials
 */
export function listedOrigin(entry: string | InsecureUrl): string {
  const url = parseUrl(hrefOf(entry));
  const isPattern = (url?.host ?? hrefOf(entry)).includes('*');
  const origin = isPattern ? 'https://api.example.com' : secureOrigin(entry, 'origins');
  if (url?.href === `${origin}/`) return origin;
  const advice = isPattern
    ? 'takes no patterns: list each origin, such as'
    : 'takes origins without path, query and credentials: write';
  throw new ConfigurationError(`"origins" ${advice} "${origin}"`);
}

/** The origin of a URL; `undefined` if it is malformed, or has credentials, which become an `Authorization` header. */
export function originOf(text: string): string | undefined {
  const url = parseUrl(text);
  return url?.username === '' && url.password === '' ? url.origin : undefined;
}

/** The origin of a URL if it is one of `origins`; `undefined` for any other, and for a URL with credentials. */
export function permittedOrigin(url: string, origins: readonly string[]): string | undefined {
  // A URL that begins with an origin and a slash has that origin. This saves parsing the URL of each request.
  for (const origin of origins) {
    if (url.startsWith(origin) && (url.length === origin.length || url[origin.length] === '/')) return origin;
  }
  const origin = originOf(url);
  return origin !== undefined && origins.includes(origin) ? origin : undefined;
}

/** Whether the library itself is sending a request to this URL. A token for it would have to wait for this request. */
export function isOwnRequest(url: () => string): boolean {
  const pending = ownRequests();
  return pending.size > 0 && pending.has(sentUrl(url()));
}
