import type { Check } from './check-options.js';
import { checkArgument } from './check-options.js';
import { usedProxyVariable } from './environment.js';
import { ConfigurationError } from './errors.js';
import type { EventSink } from './events.js';
import { isSecure, parseUrl } from './secure-url.js';

/** A URL for which http is allowed. Created by {@link dangerouslyAllowHttp}; options accept it in place of a string. */
export interface InsecureUrl {
  /** The URL as it was given. */
  readonly href: string;
  readonly [brand]: 'InsecureUrl';
}

declare const brand: unique symbol;

/**
 * Allows http to the origin of one URL, for a cluster whose service mesh encrypts the connections. Without that
 * encryption, every host on the network path can read the client secret and the tokens.
 *
 * `issuer`, `tokenEndpoint`, `revocationEndpoint` and the entries of `origins` accept the result. It applies to that
 * option only: to the metadata of an issuer and the endpoints on its origin, to one endpoint, or to the requests to one
 * API. The event `http.allowed` reports it. A proxy for these requests, mutual TLS or `profile: 'fapi2'` is a
 * `ConfigurationError`. http to a loopback address needs no permission.
 * @throws {ConfigurationError} if `url` is not an http URL
 * @see [RFC 6749 §10.8](https://www.rfc-editor.org/rfc/rfc6749#section-10.8) and
 * [RFC 6750 §5.3](https://www.rfc-editor.org/rfc/rfc6750#section-5.3)
 * @example
 * ```ts
 * import axios from 'axios';
 * import { createTokenService, dangerouslyAllowHttp, fromFile } from 'm2m-tokens';
 * import { bearerToken } from 'm2m-tokens/axios';
 *
 * const tokens = createTokenService({
 *   issuer: dangerouslyAllowHttp('http://keycloak.auth.svc:8080/realms/shop'),
 *   clientId: 'orders',
 *   clientSecret: fromFile('/run/secrets/orders'),
 * });
 * const api = axios.create({ baseURL: 'http://stock.shop.svc' });
 * api.interceptors.request.use(bearerToken(tokens, { origins: [dangerouslyAllowHttp('http://stock.shop.svc')] }));
 * ```
 */
export function dangerouslyAllowHttp(url: string): InsecureUrl {
  checkArgument('dangerouslyAllowHttp', 'url', url, anyHttpUrl);
  return Object.freeze(Object.defineProperty({ href: url }, mark, { value: true })) as InsecureUrl;
}

// A registered symbol, so that the ES module and the CommonJS file of this package recognise each other's URLs.
const mark = Symbol.for('m2m-tokens.insecure-url');

const anyHttpUrl: Check = (value) =>
  typeof value === 'string' && parseUrl(value)?.protocol === 'http:'
    ? undefined
    : 'an absolute http URL such as "http://orders"; an https URL needs no permission';

/** Whether a value was made by {@link dangerouslyAllowHttp}, of this or of another copy of the package. */
export const isInsecureUrl = (value: unknown): value is InsecureUrl =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, mark);

/** The URL as a string. */
export const hrefOf = (url: string | InsecureUrl): string => (typeof url === 'string' ? url : url.href);

/** A check of an option that is one URL. */
export const nonEmptyUrl: Check = (value) =>
  (typeof value === 'string' && value !== '') || isInsecureUrl(value)
    ? undefined
    : 'a non-empty string, or the result of dangerouslyAllowHttp';

/** A check of an option that is a list of URLs. */
export const listOfUrls: Check = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string' || isInsecureUrl(each))
    ? undefined
    : 'a list of strings, or of results of dangerouslyAllowHttp';

/**
 * Returns a function that applies {@link dangerouslyAllowHttp} to the URLs of these origins, for example
 * `http://orders`. It returns other URLs unchanged.
 * @throws {ConfigurationError} if a text is not an http origin; the message names the setting
 */
export function httpAllowance(texts: readonly string[], setting: string): (url: string) => string | InsecureUrl {
  const list = texts.map((text) => {
    const url = parseUrl(text);
    const isOrigin = url?.href === `${url?.origin}/` && !text.includes('*');
    if (url?.protocol === 'http:' && isOrigin) return url.origin;
    throw new ConfigurationError(`${setting} must hold origins such as "http://orders", separated by spaces`);
  });
  const origins = new Set(list);
  return (url) => {
    const parsed = parseUrl(url);
    return parsed !== undefined && origins.has(parsed.origin) ? dangerouslyAllowHttp(url) : url;
  };
}

/** The origins for which {@link dangerouslyAllowHttp} allows http, without loopback, which needs no permission. */
export function httpOrigins(urls: readonly (string | InsecureUrl | undefined)[]): readonly string[] {
  const allowed = urls.filter(isInsecureUrl).map(({ href }) => new URL(href));
  return [...new Set(allowed.filter((url) => !isSecure(url)).map(({ origin }) => origin))];
}

/**
 * Returns the {@link httpOrigins} and reports them in one event.
 * @throws {ConfigurationError} if Node.js sends the requests through a proxy, which could read them
 */
export function allowHttp(
  urls: readonly (string | InsecureUrl | undefined)[],
  emit: EventSink | undefined,
): readonly string[] {
  const origins = httpOrigins(urls);
  for (const origin of origins) {
    const { hostname } = new URL(origin);
    const variable = usedProxyVariable(new URL(origin));
    if (variable === undefined) continue;
    throw new ConfigurationError(
      `http to ${origin} is not allowed through the proxy of ${variable}, which could read the requests: add ${hostname} to NO_PROXY`,
    );
  }
  if (origins.length > 0) emit?.({ type: 'http.allowed', origins });
  return origins;
}
