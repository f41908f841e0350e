import { allowInsecureRequests, customFetch, discovery, type ServerMetadata } from 'openid-client';

import { type Clock, elapsedMs, type Instant, instant } from '../core/clock.js';
import { ConfigurationError, GrantUnavailableError, type TokenError } from '../core/errors.js';
import { parseObject } from '../core/json.js';
import { isSecure, parseUrl } from '../core/secure-url.js';
import { isOutage } from './errors/error-response.js';
import { findTokenError, networkError } from './errors/network-error.js';
import { exchange, type Reply, withoutQuery } from './http/bounded-fetch.js';
import { retryAfterMs } from './http/retry-after.js';

/** Options of {@link authorizationServer}. */
export interface AuthorizationServerOptions {
  /** The URL that identifies the authorization server; its metadata is discovered (RFC 8414, then OpenID Connect Discovery). */
  readonly issuer?: string | undefined;
  /** The URL that grants are posted to, when there is nothing to discover. */
  readonly tokenEndpoint?: string | undefined;
  /** The URL where tokens are revoked, beside a `tokenEndpoint` (RFC 7009). */
  readonly revocationEndpoint?: string | undefined;
  /** Deadline of each request, in milliseconds. */
  readonly timeoutMs: number;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** Issues tokens. */
export interface AuthorizationServer {
  /** Its issuer or, without one, its token endpoint: for messages. */
  readonly name: string;
  /**
   * What is known of it.
   * @throws {TokenError} when it cannot be discovered
   */
  metadata(): Promise<ServerMetadata>;
  /** Has the metadata discovered anew when they are needed next: its token endpoint seems to have moved. */
  forget(): void;
}

const maxAgeMs = 24 * 60 * 60 * 1_000;
const retryStaleMs = 60 * 1_000;

/** Finds out where the authorization server issues tokens, once a day; a failure is not remembered and leaves what is known. */
export function authorizationServer({
  issuer,
  tokenEndpoint,
  revocationEndpoint,
  ...how
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

  let known: { readonly metadata: ServerMetadata; readonly since: Instant; readonly forMs: number } | undefined;
  let discovering: Promise<ServerMetadata> | undefined;

  async function rediscover(): Promise<ServerMetadata> {
    const since = instant(how.clock);
    try {
      const found = await discover(issuer as string, how).catch(orElsewhere);
      if ('metadata' in found) known = { ...found, since, forMs: maxAgeMs };
      else if (known === undefined) throw missing(found.elsewhere, how.clock.now());
      else known = { ...known, since, forMs: retryStaleMs };
      return known.metadata;
    } finally {
      discovering = undefined;
    }
  }

  // An outage leaves what is known; the metadata of another issuer than the configured one are no outage.
  function orElsewhere(error: TokenError): Discovery {
    if (known === undefined || !error.retryable) throw error;
    return { elsewhere: [] };
  }

  return {
    name: issuer,
    async metadata() {
      if (known !== undefined && elapsedMs(known.since, how.clock) < known.forMs) return known.metadata;
      return (discovering ??= rediscover());
    },
    forget() {
      if (known !== undefined) known = { ...known, forMs: 0 };
    },
  };
}

type Reach = Pick<AuthorizationServerOptions, 'fetch' | 'timeoutMs'>;

type Discovery = { readonly metadata: ServerMetadata } | { readonly elsewhere: readonly Reply[] };

async function discover(issuer: string, reach: Reach): Promise<Discovery> {
  const elsewhere: Reply[] = [];
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    const asked = exchange(reach.fetch, reach);
    try {
      const configuration = await discovery(new URL(issuer), 'unused', undefined, undefined, {
        algorithm,
        [customFetch]: asked.fetch,
        // What may be asked over http is decided in exchange.ts.
        execute: [allowInsecureRequests],
      });
      return { metadata: checkMetadata(configuration.serverMetadata(), issuer) };
    } catch (error) {
      const { reply } = asked;
      if (reply === undefined) throw findTokenError(error) ?? networkError(error, issuer);
      const document = readMetadata(reply);
      if (document !== undefined) throw findTokenError(error) ?? unusable(document, issuer);
      elsewhere.push(reply);
    }
  }
  return { elsewhere };
}

// Anything but a JSON document means that the metadata is not here: a 404, a redirect, a sign-in page.
function readMetadata({ status, body }: Reply): { readonly issuer?: unknown } | undefined {
  return status === 200 ? parseObject(body) : undefined;
}

// RFC 8414 §3.3: identical, character by character.
function checkMetadata(metadata: ServerMetadata, issuer: string): ServerMetadata {
  if (metadata.issuer !== issuer) throw unusable(metadata, issuer);
  const endpoint = metadata.token_endpoint;
  const url = typeof endpoint === 'string' ? parseUrl(endpoint) : undefined;
  if (url === undefined) {
    throw new ConfigurationError(
      `the metadata of ${issuer} names no token endpoint; set "tokenEndpoint" instead of "issuer"`,
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

function unusable({ issuer: found }: { readonly issuer?: unknown }, issuer: string): ConfigurationError {
  if (typeof found !== 'string')
    return new ConfigurationError(`the metadata of ${issuer} names no issuer (RFC 8414 §2)`);
  const differsInSlash = found.replace(/\/$/, '') === issuer.replace(/\/$/, '');
  return new ConfigurationError(
    `"issuer" is ${JSON.stringify(issuer)}, but the metadata found there are those of ${JSON.stringify(found.slice(0, 300))}` +
      (differsInSlash ? '; they differ in the trailing slash only: copy it as the server has it' : ' (RFC 8414 §3.3)'),
  );
}

function missing(replies: readonly Reply[], now: number): TokenError {
  const tried = replies.map(({ url, status }) => `${url} (HTTP ${status})`).join(' nor at ');
  const message = `no metadata of an authorization server at ${tried}`;
  const outage = replies.find(({ status }) => isOutage(status));
  if (outage === undefined) return new ConfigurationError(`${message}; check "issuer" or set "tokenEndpoint"`);
  const { status, headers } = outage;
  return new GrantUnavailableError(message, { status, retryAfterMs: retryAfterMs(headers.get('retry-after'), now) });
}
