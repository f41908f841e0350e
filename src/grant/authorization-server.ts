import { allowInsecureRequests, customFetch, discovery, type ServerMetadata } from 'openid-client';

import type { Clock } from '../core/clock.js';
import { ConfigurationError, GrantUnavailableError, type TokenError } from '../core/errors.js';
import { parseObject } from '../core/json.js';
import { type Pause, pause } from '../core/pause.js';
import { isSecure, parseUrl } from '../core/secure-url.js';
import { isTransientStatus } from './errors/error-response.js';
import { findTokenError, networkError } from './errors/network-error.js';
import { boundedFetch, type BoundedResponse, withoutQuery } from './http/bounded-fetch.js';
import { retryAfterMs } from './http/retry-after.js';

/** Options of {@link authorizationServer}. */
export interface AuthorizationServerOptions {
  /** The issuer, whose metadata are discovered (RFC 8414, then OpenID Connect Discovery). */
  readonly issuer?: string | undefined;
  /** The URL of the token endpoint, instead of `issuer`. */
  readonly tokenEndpoint?: string | undefined;
  /** The URL of the revocation endpoint, together with `tokenEndpoint` (RFC 7009). */
  readonly revocationEndpoint?: string | undefined;
  /** Deadline of each request, in milliseconds. */
  readonly timeoutMs: number;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** An authorization server and its metadata. */
export interface AuthorizationServer {
  /** The issuer, or the token endpoint if no issuer is configured; for messages. */
  readonly name: string;
  /**
   * Returns the metadata, and discovers them if necessary. Concurrent calls share one discovery.
   * @throws {TokenError} if they cannot be discovered and are not known from before
   */
  metadata(): Promise<ServerMetadata>;
  /** Makes the next call of `metadata` discover them again, because the token endpoint seems to have moved. */
  forget(): void;
}

const maxAgeMs = 24 * 60 * 60 * 1_000;
const retryStaleMs = 60 * 1_000;

/** Discovers the metadata of an authorization server once a day. If that fails, the known metadata stay in use. */
export function authorizationServer({
  issuer,
  tokenEndpoint,
  revocationEndpoint,
  ...reach
}: AuthorizationServerOptions): AuthorizationServer {
  if (issuer === undefined) {
    const endpoint = tokenEndpoint as string;
    const metadata = Promise.resolve({
      issuer: endpoint,
      token_endpoint: endpoint,
      ...(revocationEndpoint !== undefined && { revocation_endpoint: revocationEndpoint }),
    });
    return { name: withoutQuery(endpoint), metadata: () => metadata, forget: () => {} };
  }

  let known: ServerMetadata | undefined;
  let nextDiscovery: Pause | undefined;
  let discovering: Promise<ServerMetadata> | undefined;

  async function rediscover(): Promise<ServerMetadata> {
    try {
      const found = await discover(issuer as string, reach).catch(orElsewhere);
      if ('metadata' in found) known = found.metadata;
      else if (known === undefined) throw missing(found.elsewhere, reach.clock.now());
      nextDiscovery = pause('metadata' in found ? maxAgeMs : retryStaleMs, reach.clock);
      return known;
    } finally {
      discovering = undefined;
    }
  }

  // During an outage the known metadata stay in use. Metadata of another issuer are no outage.
  function orElsewhere(error: TokenError): Discovery {
    if (known === undefined || !error.retryable) throw error;
    return { elsewhere: [] };
  }

  return {
    name: issuer,
    async metadata() {
      if (known !== undefined && nextDiscovery !== undefined && nextDiscovery.remainingMs() > 0) return known;
      return (discovering ??= rediscover());
    },
    forget() {
      nextDiscovery = undefined;
    },
  };
}

type Reach = Pick<AuthorizationServerOptions, 'fetch' | 'timeoutMs'>;

/** The metadata, or the responses of all places that have none. */
type Discovery = { readonly metadata: ServerMetadata } | { readonly elsewhere: readonly BoundedResponse[] };

async function discover(issuer: string, reach: Reach): Promise<Discovery> {
  const elsewhere: BoundedResponse[] = [];
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    const bounded = boundedFetch(reach.fetch, reach);
    try {
      const configuration = await discovery(new URL(issuer), 'unused', undefined, undefined, {
        algorithm,
        [customFetch]: bounded.fetch,
        // Which URLs may use http is decided in bounded-fetch.ts.
        execute: [allowInsecureRequests],
      });
      return { metadata: checkMetadata(configuration.serverMetadata(), issuer) };
    } catch (error) {
      const { response } = bounded;
      if (response === undefined) throw findTokenError(error) ?? networkError(error, issuer);
      const document = readMetadata(response);
      if (document !== undefined) throw findTokenError(error) ?? otherIssuer(document, issuer);
      elsewhere.push(response);
    }
  }
  return { elsewhere };
}

// Any response but a JSON document, such as a 404, a redirect or a sign-in page, means that the metadata are elsewhere.
function readMetadata({ status, body }: BoundedResponse): { readonly issuer?: unknown } | undefined {
  return status === 200 ? parseObject(body) : undefined;
}

function checkMetadata(metadata: ServerMetadata, issuer: string): ServerMetadata {
  // RFC 8414 §3.3: the two must be identical, character by character.
  if (metadata.issuer !== issuer) throw otherIssuer(metadata, issuer);
  const endpoint = metadata.token_endpoint;
  const url = typeof endpoint === 'string' ? parseUrl(endpoint) : undefined;
  if (url === undefined) {
    throw new ConfigurationError(
      `the metadata of ${issuer} name no token endpoint; set "tokenEndpoint" instead of "issuer"`,
    );
  }
  if (!isSecure(url)) {
    throw new ConfigurationError(
      `the metadata of ${issuer} name the token endpoint ${withoutQuery(url)}: only https, or http to this machine, ` +
        'keeps the credentials secret',
    );
  }
  return metadata;
}

function otherIssuer({ issuer: found }: { readonly issuer?: unknown }, issuer: string): ConfigurationError {
  if (typeof found !== 'string') {
    return new ConfigurationError(`the metadata of ${issuer} name no issuer (RFC 8414 §2)`);
  }
  const differsInSlash = found.replace(/\/$/, '') === issuer.replace(/\/$/, '');
  return new ConfigurationError(
    `"issuer" is ${JSON.stringify(issuer)}, but the metadata found there are those of ${JSON.stringify(found.slice(0, 300))}` +
      (differsInSlash ? '; they differ only in the trailing slash: write it as the server does' : ' (RFC 8414 §3.3)'),
  );
}

function missing(responses: readonly BoundedResponse[], now: number): TokenError {
  const tried = responses.map(({ url, status }) => `${url} (HTTP ${status})`).join(' nor at ');
  const message = `no metadata of an authorization server at ${tried}`;
  const outage = responses.find(({ status }) => isTransientStatus(status));
  if (outage === undefined) return new ConfigurationError(`${message}; check "issuer" or set "tokenEndpoint"`);
  const { status, headers } = outage;
  return new GrantUnavailableError(message, { status, retryAfterMs: retryAfterMs(headers, now) });
}
