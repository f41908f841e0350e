import { ConfigurationError } from '../errors.js';
import { isSecure, parseUrl } from '../secure-url.js';

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

/** The origins of a list of URLs. */
export function secureOrigins(urls: readonly string[]): ReadonlySet<string> {
  return new Set(urls.map((url) => secureOrigin(url, 'origins')));
}
