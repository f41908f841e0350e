import { allowInsecureRequests, customFetch, discovery, type ServerMetadata } from 'openid-client';

import { type Clock, elapsedMs, type Instant, instant } from '../clock.js';
import { ConfigurationError, GrantUnavailableError, type TokenError } from '../errors.js';
import { exchange, type Reply, withoutQuery } from './exchange.js';
import { parseObject } from './json.js';
import { findTokenError, networkError } from './translate-error.js';

/** Options of {@link authorizationServer}. */
export interface AuthorizationServerOptions {
  /** The URL that identifies the authorization server; its metadata is discovered (RFC 8414, then OpenID Connect Discovery). */
  readonly issuer?: string | undefined;
  /** The URL that grants are posted to, when there is nothing to discover. */
  readonly tokenEndpoint?: string | undefined;
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
}

const maxAgeMs = 24 * 60 * 60 * 1_000;

/** Finds out where the authorization server issues tokens, once a day; a failure is not remembered and leaves what is known. */
export function authorizationServer({
  issuer,
  tokenEndpoint,
  ...how
}: AuthorizationServerOptions): AuthorizationServer {
  if (issuer === undefined) {
    const endpoint = tokenEndpoint as string;
    const metadata = Promise.resolve({ issuer: endpoint, token_endpoint: endpoint });
    return { name: withoutQuery(endpoint), metadata: () => metadata };
  }

  let known: { readonly metadata: ServerMetadata; readonly since: Instant } | undefined;
  let discovering: Promise<ServerMetadata> | undefined;

  async function rediscover(): Promise<ServerMetadata> {
    try {
      const since = instant(how.clock);
      known = { metadata: await discover(issuer as string, how), since };
    } catch (error) {
      if (known === undefined) throw error;
    } finally {
      discovering = undefined;
    }
    return known.metadata;
  }

  return {
    name: issuer,
    async metadata() {
      if (known !== undefined && elapsedMs(known.since, how.clock) < maxAgeMs) return known.metadata;
      return (discovering ??= rediscover());
    },
  };
}

type Reach = Pick<AuthorizationServerOptions, 'fetch' | 'timeoutMs'>;

async function discover(issuer: string, reach: Reach): Promise<ServerMetadata> {
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
      return checkMetadata(configuration.serverMetadata(), issuer);
    } catch (error) {
      const { reply } = asked;
      if (reply === undefined) throw findTokenError(error) ?? networkError(error, issuer);
      const document = readMetadata(reply);
      if (document !== undefined) throw findTokenError(error) ?? unusable(document, issuer);
      elsewhere.push(reply);
    }
  }
  throw notFound(elsewhere);
}

// Anything but a JSON document means that the metadata is not here: a 404, a redirect, a sign-in page.
function readMetadata({ status, body }: Reply): { readonly issuer?: unknown } | undefined {
  return status === 200 ? parseObject(body) : undefined;
}

// RFC 8414 §3.3: identical, character by character.
function checkMetadata(metadata: ServerMetadata, issuer: string): ServerMetadata {
  if (metadata.issuer !== issuer) throw unusable(metadata, issuer);
  if (!URL.canParse(String(metadata.token_endpoint))) {
    throw new ConfigurationError(
      `the metadata of ${issuer} names no token endpoint; set "tokenEndpoint" instead of "issuer"`,
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

function notFound(replies: readonly Reply[]): TokenError {
  const tried = replies.map(({ url, status }) => `${url} (HTTP ${status})`).join(' nor at ');
  const outage = replies.find(({ status }) => status === 429 || status >= 500);
  return outage === undefined
    ? new ConfigurationError(
        `no metadata of an authorization server at ${tried}; check "issuer" or set "tokenEndpoint"`,
      )
    : new GrantUnavailableError(`no metadata of an authorization server at ${tried}`, { status: outage.status });
}
