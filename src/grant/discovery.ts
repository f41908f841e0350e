import { allowInsecureRequests, customFetch, type CustomFetch, discovery, type ServerMetadata } from 'openid-client';

import { cleanIssuer, cleanUrl } from '../core/clean-text.js';
import { ConfigurationError, GrantUnavailableError, type AnyTokenError } from '../core/errors.js';
import { parseObject } from '../core/json.js';
import { retryAfterMs } from '../core/retry-after.js';
import { isPermitted, parseUrl } from '../core/secure-url.js';
import { isTransientStatus } from './errors/error-response.js';
import { findTokenError, networkError } from './errors/network-error.js';
import { type BoundedFetch, boundedFetch, type BoundedResponse, isSuccess } from './http/bounded-fetch.js';

/** Options of {@link discover}. */
export interface DiscoveryOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Deadline of each request, in milliseconds. */
  readonly timeoutMs: number;
  /** The issuer's origin if http is allowed for it; otherwise empty. */
  readonly httpOrigins: readonly string[];
  /** The option that the issuer comes from. @default 'issuer' */
  readonly option?: 'issuer' | 'protectedResource' | undefined;
}

/** The metadata of an authorization server, or the error if no well-known URL has metadata. */
export type Discovery =
  | {
      readonly metadata: ServerMetadata;
      /** The identifier of the protected resource that named the server (RFC 9728). */
      readonly resource?: string | undefined;
    }
  | { readonly missing: (now: number) => AnyTokenError };

/**
 * Requests the metadata of an issuer from the well-known URL of RFC 8414, then from that of OpenID Connect Discovery.
 * @throws {TokenError} if the server cannot be reached, or the metadata are those of another issuer or cannot be used
 */
export async function discover(issuer: string, options: DiscoveryOptions): Promise<Discovery> {
  const notFound: BoundedResponse[] = [];
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    const bounded = boundedFetch(options.fetch, options);
    try {
      const configuration = await discovery(new URL(issuer), 'unused', undefined, undefined, {
        algorithm,
        [customFetch]: followRedirects(bounded),
        // The check of http URLs is in bounded-fetch.ts.
        execute: [allowInsecureRequests],
      });
      return { metadata: checkMetadata(configuration.serverMetadata(), issuer, options) };
    } catch (error) {
      const { response, ignoredProxy } = bounded;
      if (response === undefined) {
        throw findTokenError(error) ?? networkError(error, { authorizationServer: cleanIssuer(issuer), ignoredProxy });
      }
      const document = readMetadata(response);
      if (document !== undefined) throw findTokenError(error) ?? otherIssuer(document.issuer, issuer, options.option);
      notFound.push(response);
    }
  }
  const { option } = options;
  const advice = option === 'protectedResource' ? 'check "issuers"' : 'check "issuer" or set "tokenEndpoint"';
  return { missing: missingMetadata(notFound, { owner: 'an authorization server', member: 'issuer', advice }) };
}

/** Texts of the error of {@link missingMetadata}. */
export interface MissingMetadata {
  /** What has no metadata: `an authorization server`. */
  readonly owner: string;
  /** The member that each such document has. */
  readonly member: 'issuer' | 'resource';
  readonly advice: string;
}

/** The error if no well-known URL has metadata. It is retryable if one of them had an outage. */
export function missingMetadata(
  responses: readonly BoundedResponse[],
  { owner, member, advice }: MissingMetadata,
): (now: number) => AnyTokenError {
  const places = responses.map((each) => describe(each, member)).join(' nor at ');
  const message = `no metadata of ${owner} at ${places}`;
  const outage = responses.find(({ status }) => isTransientStatus(status));
  if (outage === undefined) return () => new ConfigurationError(`${message}; ${advice}`);
  const { status, headers } = outage;
  return (now) => new GrantUnavailableError(message, { status, retryAfterMs: retryAfterMs(headers, now) });
}

const maxRedirects = 3;
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * A `fetch` that follows redirects within the origin: frameworks redirect to add or remove a trailing slash. The request
 * carries no credentials.
 */
export const followRedirects =
  (bounded: BoundedFetch): CustomFetch =>
  async (url, options) => {
    let current = url;
    for (let followed = 0; ; followed += 1) {
      const response = await bounded.fetch(current, options);
      const target = redirectTarget(bounded.response);
      if (followed === maxRedirects || target === undefined || target.origin !== new URL(url).origin) return response;
      current = target.href;
    }
  };

function redirectTarget(response: BoundedResponse | undefined): URL | undefined {
  const location = response?.headers.get('location');
  if (response === undefined || !redirects.has(response.status) || typeof location !== 'string') return undefined;
  return parseUrl(location, response.url);
}

function describe(response: BoundedResponse, member: string): string {
  const { url, status } = response;
  const target = redirectTarget(response);
  const what = target === undefined ? '' : ` to ${cleanUrl(target)}`;
  return `${cleanUrl(url)} (HTTP ${status}${isSuccess(response) ? `, ${flawOf(response, member)}` : what})`;
}

const flawOf = ({ body }: BoundedResponse, member: string): string =>
  parseObject(body) === undefined ? 'no JSON object' : `a JSON object that names no ${member}`;

// Any other response, such as a 404, a sign-in page or another JSON object, means that this URL has no metadata.
function readMetadata(response: BoundedResponse): { readonly issuer: string } | undefined {
  const issuer = isSuccess(response) ? parseObject(response.body)?.['issuer'] : undefined;
  return typeof issuer === 'string' ? { issuer } : undefined;
}

function checkMetadata(
  metadata: ServerMetadata,
  issuer: string,
  { httpOrigins, option = 'issuer' }: DiscoveryOptions,
): ServerMetadata {
  // RFC 8414 §3.3: the two must be identical, character by character.
  if (metadata.issuer !== issuer) throw otherIssuer(metadata.issuer, issuer, option);
  const endpoint = metadata.token_endpoint;
  const url = typeof endpoint === 'string' ? parseUrl(endpoint) : undefined;
  if (url === undefined) {
    throw new ConfigurationError(
      `the metadata of ${cleanIssuer(issuer)} name no token endpoint; set "tokenEndpoint" instead of "${option}"`,
    );
  }
  if (!isPermitted(url, httpOrigins)) {
    throw new ConfigurationError(
      `the metadata of ${cleanIssuer(issuer)} name the token endpoint ${cleanUrl(url)}: only https, or http to this machine, ` +
        'keeps the credentials secret' +
        (url.protocol === 'http:' ? adviceForHttp(url, option) : ''),
    );
  }
  return metadata;
}

// dangerouslyAllowHttp of an issuer applies only to endpoints on its own origin.
const adviceForHttp = (endpoint: URL, option: string): string =>
  `; if a service mesh encrypts the requests, set tokenEndpoint: dangerouslyAllowHttp('${cleanUrl(endpoint)}') instead of "${option}"`;

function otherIssuer(found: string, issuer: string, option: DiscoveryOptions['option']): ConfigurationError {
  if (option === 'protectedResource') {
    return new ConfigurationError(
      `the protected resource names the issuer "${cleanIssuer(issuer)}", but the metadata found there are those of ` +
        `"${cleanIssuer(found)}" (RFC 8414 §3.3), so they are not used`,
    );
  }
  const differsInSlash = found.replace(/\/$/, '') === issuer.replace(/\/$/, '');
  return new ConfigurationError(
    `"issuer" is "${cleanIssuer(issuer)}", but the metadata found there are those of "${cleanIssuer(found)}"` +
      (differsInSlash
        ? '; they differ only in the trailing slash: write it as the server does'
        : ' (RFC 8414 §3.3); set "issuer" to the name in the metadata, or "tokenEndpoint" instead of "issuer"'),
  );
}
