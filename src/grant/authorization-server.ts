import type { ServerMetadata } from 'openid-client';

import { cleanIssuer, cleanUrl } from '../core/clean-text.js';
import { type Clock, elapsedMs, type Instant, instant } from '../core/clock.js';
import { isTokenError, type AnyTokenError } from '../core/errors.js';
import type { EventSink } from '../core/events.js';
import { allowHttp, hrefOf, httpOrigins as httpOriginsOf, type InsecureUrl } from '../core/insecure-url.js';
import { type Pause, pause } from '../core/pause.js';
import { discover, type Discovery } from './discovery.js';
import { discoverByResource } from './protected-resource.js';

/** Options of {@link authorizationServer}. */
export interface AuthorizationServerOptions {
  readonly issuer?: string | InsecureUrl | undefined;
  readonly tokenEndpoint?: string | InsecureUrl | undefined;
  readonly revocationEndpoint?: string | InsecureUrl | undefined;
  readonly protectedResource?: string | InsecureUrl | undefined;
  /** The issuers that a protected resource may name. */
  readonly issuers?: readonly (string | InsecureUrl)[] | undefined;
  /** Deadline of each request, in milliseconds. */
  readonly timeoutMs: number;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly onEvent?: EventSink | undefined;
  /** Called with the issuer each time the metadata have been discovered. */
  readonly onNamed?: ((issuer: string) => void) | undefined;
}

/** An authorization server and its metadata. */
export interface AuthorizationServer {
  /**
   * The issuer, or the token endpoint if no issuer is configured; for messages. The protected resource until its
   * authorization server is known.
   */
  readonly name: string;
  /** The identifier of the protected resource, after its metadata are known. */
  readonly resource: string | undefined;
  /** The origins of its URLs for which `dangerouslyAllowHttp` allows http. */
  readonly httpOrigins: readonly string[];
  /**
   * Returns the metadata, and discovers them if necessary. Concurrent calls share one discovery.
   * @throws {TokenError} if they cannot be discovered and no earlier metadata are known
   */
  metadata(): Promise<ServerMetadata>;
  /** Discovers the metadata again, because they seem to have changed; at most once a minute. Never rejects. */
  rediscover(): Promise<void>;
  /**
   * Records the outcome of a grant. If the token endpoint has failed for 30 s, the metadata are discovered again in the
   * background: the token endpoint may have moved.
   */
  record(outcome: AnyTokenError | 'success'): void;
}

const maxAgeMs = 24 * 60 * 60 * 1_000;
const discoveryRetryMs = 60 * 1_000;
const rediscoveryIntervalMs = 60 * 1_000;
const suspiciousOutageMs = 30 * 1_000;

/**
 * Discovers the metadata of an authorization server once a day, and those of the protected resource that names it. If
 * that fails, the known metadata stay in use.
 * @throws {ConfigurationError} if http is allowed, but Node.js sends the requests through a proxy
 */
export function authorizationServer({
  timeoutMs,
  fetch,
  clock,
  onEvent,
  onNamed,
  issuers = [],
  ...urls
}: AuthorizationServerOptions): AuthorizationServer {
  const textOf = (name: keyof typeof urls) => urls[name] && hrefOf(urls[name]);
  const [issuer, tokenEndpoint, resource] = [textOf('issuer'), textOf('tokenEndpoint'), textOf('protectedResource')];
  const { protectedResource } = urls;
  const hasMetadata = issuer !== undefined || resource !== undefined;
  // With an https issuer, all endpoints must use https.
  const used = hasMetadata ? [urls.issuer, ...issuers] : [urls.tokenEndpoint, urls.revocationEndpoint];
  const httpOrigins = httpOriginsOf(used);
  allowHttp([...used, protectedResource], onEvent);
  if (!hasMetadata) return withoutMetadata(tokenEndpoint as string, textOf('revocationEndpoint'), httpOrigins);

  const find = (): Promise<Discovery> =>
    protectedResource === undefined
      ? discover(issuer as string, { timeoutMs, fetch, httpOrigins })
      : discoverByResource({ protectedResource, issuers, timeoutMs, fetch });
  let known: Extract<Discovery, { metadata: unknown }> | undefined;
  let name = cleanIssuer(issuer ?? (resource as string));
  let nextDiscovery: Pause | undefined;
  let nextRediscovery: Pause | undefined;
  let discovering: Promise<ServerMetadata> | undefined;
  let failingSince: Instant | undefined;

  const isOver = (wait: Pause | undefined): boolean => wait === undefined || wait.remainingMs() === 0;

  async function discoverAgain(): Promise<ServerMetadata> {
    try {
      const found = await find().catch(keepKnown);
      if ('metadata' in found) {
        known = found;
        name = cleanIssuer(found.metadata.issuer);
        onNamed?.(name);
        nextDiscovery = pause(maxAgeMs, clock);
      } else if (known === undefined) throw found.missing(clock.now());
      else if (isOver(nextDiscovery)) nextDiscovery = pause(discoveryRetryMs, clock);
      return known.metadata;
    } catch (error) {
      nextDiscovery = undefined;
      throw error;
    } finally {
      discovering = undefined;
    }
  }

  // During an outage the known metadata stay in use. Other errors, such as metadata of another issuer, are thrown.
  function keepKnown(error: AnyTokenError): Discovery {
    if (known === undefined || !error.retryable) throw error;
    return { missing: () => error };
  }

  async function rediscover(): Promise<void> {
    if (!isOver(nextRediscovery)) return;
    nextRediscovery = pause(rediscoveryIntervalMs, clock);
    // If this fails, the next call of `metadata` reports it.
    await (discovering ??= discoverAgain()).catch(() => undefined);
  }

  return {
    get name() {
      return name;
    },
    get resource() {
      return known?.resource;
    },
    httpOrigins,
    async metadata() {
      if (known !== undefined && !isOver(nextDiscovery)) return known.metadata;
      return (discovering ??= discoverAgain());
    },
    rediscover,
    record(outcome) {
      if (!isOutage(outcome)) failingSince = undefined;
      else if (failingSince === undefined) failingSince = instant(clock);
      else if (elapsedMs(failingSince, clock) >= suspiciousOutageMs) void rediscover();
    },
  };
}

function withoutMetadata(
  tokenEndpoint: string,
  revocationEndpoint: string | undefined,
  httpOrigins: readonly string[],
): AuthorizationServer {
  const metadata = Promise.resolve({
    issuer: tokenEndpoint,
    token_endpoint: tokenEndpoint,
    ...(revocationEndpoint !== undefined && { revocation_endpoint: revocationEndpoint }),
  });
  return {
    name: cleanUrl(tokenEndpoint),
    resource: undefined,
    httpOrigins,
    metadata: () => metadata,
    rediscover: async () => {},
    record: () => {},
  };
}

// A network error has no status.
const isOutage = (outcome: AnyTokenError | 'success'): boolean =>
  isTokenError(outcome) &&
  outcome.code === 'ERR_GRANT_UNAVAILABLE' &&
  (outcome.status === undefined || outcome.status >= 500);
