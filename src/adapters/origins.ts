import { ConfigurationError } from '../core/errors.js';
import { isSecure, parseUrl } from '../core/secure-url.js';

/**
 * The origin (scheme, host and port) of a URL that may see a token.
 * @throws {ConfigurationError} when it is no URL, or a token would be readable on the way (RFC 6750 §5.3)
 */
export function secureOrigin(url: string, option: string): string {
  const parsed = parseUrl(url);
  if (parsed === undefined) {
    throw new ConfigurationError(`"${option}" holds ${JSON.stringify(url)}, which is no absolute URL`);
  }
  if (!isSecure(parsed)) {
    throw new ConfigurationError(
      `"${option}" holds ${parsed.origin}: tokens are sent over https, or http to this machine, only`,
    );
  }
  return parsed.origin;
}

/** The origins of a list of URLs. Not as a Set: most have one, and to go through a list is quicker. */
export function secureOrigins(urls: readonly string[]): readonly string[] {
  return [...new Set(urls.map((url) => secureOrigin(url, 'origins')))];
}

/** The origin of a URL; `undefined` for what is none, and for one with credentials: they become an `Authorization` that is not ours to replace. */
export function originOf(text: string): string | undefined {
  const url = parseUrl(text);
  return url?.username === '' && url.password === '' ? url.origin : undefined;
}

/** The origin of a URL if it is one of `origins`; `undefined` for any other, and for a URL with credentials. */
export function permittedOrigin(url: string, origins: readonly string[]): string | undefined {
  // What begins with an origin and a slash has this origin, however it goes on. To parse it would be dear on each request.
  for (const origin of origins) {
    if (url.startsWith(origin) && (url.length === origin.length || url[origin.length] === '/')) return origin;
  }
  const origin = originOf(url);
  return origin !== undefined && origins.includes(origin) ? origin : undefined;
}

/** Whether a redirect has led to another origin: the token was not taken along, and the answer says nothing of it. */
export function isCrossOrigin(answeredBy: string | undefined, origin: string): boolean {
  return answeredBy !== undefined && parseUrl(answeredBy)?.origin !== origin;
}
