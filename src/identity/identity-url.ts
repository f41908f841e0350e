import { type Check, objectOfStrings } from '../core/check-options.js';
import { cleanUrl } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import { hrefOf, type InsecureUrl, isInsecureUrl } from '../core/insecure-url.js';
import { isSecure, parseUrl } from '../core/secure-url.js';

/**
 * The URL of an endpoint that issues identity tokens: https, or http to this machine or its link-local network.
 * @throws {ConfigurationError} for other http without `dangerouslyAllowHttp`, or a user name or password in the URL
 */
export function identityUrl(given: string | InsecureUrl, setting: string): URL {
  const url = parseUrl(hrefOf(given));
  if (url === undefined) throw new ConfigurationError(`${setting} must be an absolute URL`);
  if (url.username !== '' || url.password !== '') {
    throw new ConfigurationError(`${setting} must not contain a user name or a password: use a header field`);
  }
  if (isSecure(url) || isLinkLocal(url) || isInsecureUrl(given)) return url;
  throw new ConfigurationError(
    `no request is sent to ${cleanUrl(url)}: only https, or http to this machine or its link-local network, keeps the token ` +
      'secret; dangerouslyAllowHttp allows http to one URL',
  );
}

// RFC 3927 §2.1, RFC 4291 §2.5.6
const isLinkLocal = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && /^(169\.254\.\d+\.\d+|\[fe[89ab][\da-f]:.*\])$/.test(hostname);

/** A check of header fields. */
export const headerFields: Check = (value) => {
  const isSendable = ([name, text]: [string, string]): boolean =>
    /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(text);
  return objectOfStrings(value) === undefined && Object.entries(value as Record<string, string>).every(isSendable)
    ? undefined
    : 'an object of header fields, with values in printable ASCII';
};
