import type { InternalAxiosRequestConfig } from 'axios';

import { ConfigurationError } from '../../core/errors.js';
import { originOf, secureOrigin } from '../origins.js';

/**
 * Finds the origin that an axios request goes to, `undefined` when that may not see a token. Without `origins` the one of
 * its `baseURL` may.
 * @throws {ConfigurationError} when there is neither, or a `baseURL` that is neither https nor this machine
 */
export function axiosOrigins(
  origins: readonly string[] | undefined,
): (config: InternalAxiosRequestConfig) => string | undefined {
  let lastBase: string | undefined;
  let lastOrigin: string | undefined;

  // A service talks to one base URL, or a few: parsing it again and again is the dearest part of a request here.
  const originOfBase = (baseURL: string): string | undefined => {
    if (baseURL !== lastBase) {
      if (origins === undefined) secureOrigin(baseURL, 'baseURL');
      lastOrigin = originOf(baseURL);
      lastBase = baseURL;
    }
    return lastOrigin;
  };

  return (config) => {
    const { url = '', baseURL } = config;
    if (origins === undefined && !baseURL) {
      throw new ConfigurationError('"origins" of bearerToken is required for an axios request without "baseURL"');
    }
    const origin = baseURL && isBelowBase(url, config) ? originOfBase(baseURL) : originOf(url);
    if (origin === undefined) return undefined;
    const isPermitted = origins?.includes(origin) ?? origin === originOfBase(baseURL as string);
    return isPermitted ? origin : undefined;
  };
}

/** The URL that an axios request goes to, without its `params`; as axios puts it together, at less cost than its `getUri`. */
export function axiosUrl(config: InternalAxiosRequestConfig): string {
  const { url = '', baseURL } = config;
  if (!baseURL || !isBelowBase(url, config)) return url;
  return url === '' ? baseURL : `${baseURL.replace(/\/?\/$/, '')}/${url.replace(/^\/+/, '')}`;
}

const isBelowBase = (url: string, config: InternalAxiosRequestConfig): boolean =>
  !isAbsolute(url) || config.allowAbsoluteUrls === false;

// As axios decides it: what has a scheme or begins with // is not put below the base URL. Most are paths and need no pattern.
const isAbsolute = (url: string): boolean => (url[0] === '/' ? url[1] === '/' : hasScheme.test(url));
const hasScheme = /^[a-z][a-z\d+\-.]*:\/\//i;
