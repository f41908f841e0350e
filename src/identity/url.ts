import { anyFunction, checkArgument } from '../core/check-options.js';
import { cleanUrl } from '../core/clean-text.js';
import { type InsecureUrl, nonEmptyUrl } from '../core/insecure-url.js';
import { askEndpoint } from './endpoint.js';
import {
  checkSourceOptions,
  type IdentitySourceOptions,
  type IdentityTokenSource,
  identityTokenSource,
} from './identity-token-source.js';
import { headerFields, identityUrl } from './identity-url.js';
import { anyFormat, tokenIn, type TokenFormat } from './token-format.js';

/** Options of {@link url}. */
export interface UrlOptions extends IdentitySourceOptions {
  /** https, or http to this machine or its link-local network; other http needs `dangerouslyAllowHttp`. */
  readonly url: string | InsecureUrl;
  /** Header fields of the request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** `{ member }`: the response is a JSON object with the token in this member. @default 'text' */
  readonly format?: TokenFormat | undefined;
  /** Sends a request to https, for example through a proxy. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * A token from any URL that responds to GET. A request to http has no proxy and 1 s, a request to https has 5 s. A
 * redirect is not followed.
 * @throws {ConfigurationError} if an option is missing, unknown or malformed
 * @see [AIP-4117](https://google.aip.dev/auth/4117)
 * @example
 * ```ts
 * import { federatedAssertion } from 'm2m-tokens';
 * import { url } from 'm2m-tokens/identity';
 *
 * const identity = url({ url: 'http://localhost:8080/token', format: { member: 'id_token' } });
 * const clientAuthentication = federatedAssertion(identity);
 * ```
 */
export function url(options: UrlOptions): IdentityTokenSource {
  checkSourceOptions('url', options, {
    url: nonEmptyUrl,
    headers: headerFields,
    format: anyFormat,
    fetch: anyFunction,
  });
  const { headers, format = 'text', fetch } = options;
  checkArgument('url', 'url', options.url, nonEmptyUrl);
  const address = identityUrl(options.url, '"url" of url');
  const name = cleanUrl(address);
  const unreachable = 'check that the endpoint runs, and "url"';
  const endpoint = { name, url: address, headers, fetch, advice: 'check "url" and "headers"', unreachable };
  const issue = async () => ({ token: tokenIn(await askEndpoint(endpoint), name, format) });
  return identityTokenSource({ name, issue }, options);
}
