import { cleanUrl } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import { isSecure, parseUrl } from '../core/secure-url.js';

/**
 * The origin (scheme, host and port) of a URL that is to get tokens.
 * @throws {ConfigurationError} when it is no absolute URL, or neither https nor loopback (RFC 6750 §5.3)
 */
export function secureOrigin(url: string, option: string): string {
  const parsed = parseUrl(url);
  if (parsed === undefined) {
    throw new ConfigurationError(`"${option}" holds ${JSON.stringify(cleanUrl(url))}, which is no absolute URL`);
  }
  if (!isSecure(parsed)) {
    throw new ConfigurationError(
      `"${option}" holds ${parsed.origin}: tokens are sent over https, or http to this machine, only`,
    );
  }
  return parsed.origin;
}

/**
 * The origin that an entry of `origins` is.
 * @throws {ConfigurationError} as {@link secureOrigin}, and when the entry is a pattern or more than an origin
 */
export function listedOrigin(entry: string): string {
  const parsed = parseUrl(entry);
  if ((parsed?.host ?? entry).includes('*')) {
    throw new ConfigurationError('"origins" takes no patterns: list each origin, such as "https://api.example.com"');
  }
  const origin = secureOrigin(entry, 'origins');
  if (parsed?.href === `${origin}/`) return origin;
  throw new ConfigurationError(
    `"origins" takes origins without path, query and credentials: write "${origin}" instead`,
  );
}

/** The origin of a URL; `undefined` for a text that is no URL, and for a URL with credentials: the HTTP client makes an `Authorization` of these. */
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
