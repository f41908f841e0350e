import type { ClientAuthentication } from '../authentication/client-authentication.js';
import { clientSecretByMetadata } from '../authentication/client-secret.js';
import { noClientAuthentication } from '../authentication/no-client-authentication.js';
import { cleanIssuer, cleanUrl } from '../core/clean-text.js';
import { hrefOf } from '../core/insecure-url.js';
import { compose, type GetTokenOptions, type TokenSource } from '../core/token-source.js';
import { clientCredentialsType, grantSource } from '../grant/grants.js';
import { grantTypeOf } from '../grant/grant-type.js';
import { withCache } from '../layers/cache.js';
import { requestDefaults, withDefaultRequest } from '../layers/default-request.js';
import { withFastPath } from '../layers/fast-path.js';
import { withNegativeCache } from '../layers/negative-cache.js';
import { withRateLimit } from '../layers/rate-limit.js';
import { withRetry } from '../layers/retry.js';
import { withSharedStore } from '../layers/shared-store/shared-store.js';
import { entriesOf } from '../stores/shared-tokens.js';
import { cachedTokensOf, tokenCache } from '../layers/token-cache.js';
import { watcher, type WatchListener, type WatchOptions } from '../layers/watch.js';
import { logEvents } from '../telemetry/logging.js';
import { observation, observeKey } from '../telemetry/observation.js';
import { checkTokenServiceOptions, type TokenServiceOptions } from './options.js';
import { revokeAll, type RevokeOptions } from './revoke-all.js';
import { sharedTokensOf } from './shared-identity.js';
import { tokenStats, type TokenStats } from './stats.js';

/** A token source that obtains tokens from an authorization server. */
export interface TokenService extends TokenSource {
  /**
   * Obtains the default token, so that a service that cannot obtain one fails at start-up instead of at its first
   * request. Resolves after the token is in the shared store, if there is one.
   * @throws {TokenError} if no token can be obtained
   * @throws the reason of `signal`
   */
  ready(options?: Pick<GetTokenOptions, 'signal'>): Promise<void>;
  /**
   * Revokes the cached tokens within two seconds, for a service that shuts down (RFC 7009). Never rejects. Resolves to
   * `true` if all tokens are revoked; otherwise the event `revocation.failed` holds the error. In either case callers
   * do not get these tokens again; the next `getToken` obtains a new one. The token of a pending grant is not revoked:
   * call this method after the last request.
   *
   * Other replicas use the tokens in a shared store: without `{ shared: true }`, these are dropped from memory, but stay
   * valid, and do not change the result. With it, they are removed from the store and revoked.
   */
  revoke(options?: RevokeOptions): Promise<boolean>;
  /**
   * Resolves when the tokens granted so far are in the shared store. Call it before you close the connection of the
   * store.
   */
  flush(): Promise<void>;
  /**
   * Renews a token in the background even if nobody calls `getToken`. Use it for a connection that stays open longer than
   * its token is valid. `listener` is called with the current token, with each new one, and when grants begin to fail; see
   * `WatchedToken`. A listener that throws causes a process warning, and is called again. Listeners of the same token
   * request share one watch. Its timers do not keep the process alive. End the watch before you call `revoke`: otherwise
   * it obtains another token. Do not watch more tokens than `cache.maxTokens`.
   * @throws {ConfigurationError} if an option or the token request is malformed
   * @example
   * ```ts
   * import { tokenServiceFromEnvironment } from 'm2m-tokens';
   *
   * declare const connection: { updateSecret(token: string, reason: string): Promise<void> };
   * const tokens = tokenServiceFromEnvironment();
   * const closed = new AbortController();
   * tokens.watch(({ token }) => token && connection.updateSecret(token.value, 'renewed'), { signal: closed.signal });
   * ```
   */
  watch(listener: WatchListener, options?: WatchOptions): void;
  /**
   * Returns a snapshot without secrets, for health checks and metrics. Sends no request, so the token of a service
   * without calls expires: a readiness probe that reads it needs `watch` as well.
   * @example
   * ```ts
   * import { tokenServiceFromEnvironment } from 'm2m-tokens';
   *
   * const tokens = tokenServiceFromEnvironment();
   * const failing = tokens.stats().tokens.filter(({ failingSince }) => failingSince !== undefined);
   * ```
   */
  stats(): TokenStats;
}

/**
 * Creates a token service: it obtains access tokens by the client credentials grant, or by the one of the option `grant`,
 * caches them and renews them early. Create one service for each client in a process.
 *
 * The channel `m2m-tokens:event` of `node:diagnostics_channel` publishes the events of all token services. The tracing
 * channel `m2m-tokens:grant` publishes each grant with all of its attempts. Their messages contain no token and no secret.
 * @throws {ConfigurationError} if an option is missing, unknown, malformed or contradicts another
 * @see [RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)
 * @example
 * ```ts
 * import { createTokenService, fromFile } from 'm2m-tokens';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientSecret: fromFile('/run/secrets/client'),
 *   scope: 'orders:read',
 * });
 * const { authorization } = await tokens.getToken();
 * ```
 */
export function createTokenService(options: TokenServiceOptions): TokenService {
  checkTokenServiceOptions(options);
  const { clock, random, refresh, scope, resource, audience, parameters, authorizationDetails } = options;
  const { issuer, tokenEndpoint, protectedResource, clientId } = options;
  const metadataOf = issuer ?? protectedResource;
  const configured = metadataOf === undefined ? cleanUrl(hrefOf(tokenEndpoint ?? '')) : cleanIssuer(hrefOf(metadataOf));
  const service = options.name ?? clientId ?? new URL(configured).host;
  const grantType = options.grant === undefined ? clientCredentialsType : grantTypeOf(options.grant);
  const origin = { service, authorizationServer: configured, clientId, grantType: grantType.name };
  const onNamed = (name: string): void => void (origin.authorizationServer = name);
  const sinks = [options.logger && logEvents(options.logger, { clock }), options.onEvent];
  const observers = observation({ origin, sinks, clock });
  const { onEvent } = observers;
  const clientAuthentication = clientAuthenticationOf(options);
  const { deadlineMs, maxBackoffMs, retries } = options.retry ?? {};

  const grants = grantSource({ ...options, clientAuthentication, onEvent, onNamed }, grantType);
  const shared = sharedTokensOf(options, { clientAuthentication, grantType, onEvent });
  const entries = shared && entriesOf(shared);
  // The cache tells the client authentication which certificate its tokens are bound to.
  const cache = tokenCache({ ...options.cache, refresh, clock, random, onEvent, certificate: clientAuthentication });
  const defaults = { scope, resource, audience, parameters, authorizationDetails };
  const cached = compose(
    grants,
    withRateLimit({ maxConcurrentGrants: options.maxConcurrentGrants, clock, onEvent }),
    withRetry({ retries, deadlineMs, clock, random, onEvent }),
    observers.layer,
    withNegativeCache({ credentials: clientAuthentication, maxBackoffMs, clock, random, onEvent }),
    shared && withSharedStore(shared, { deadlineMs, refresh, random }),
    withCache(cache),
  );
  const source = compose(cached, withDefaultRequest(defaults), withFastPath(cache));

  return {
    getToken: (request, requestOptions) => source.getToken(request, requestOptions),
    report(event) {
      onEvent(event);
      return { ...origin, ...event };
    },
    async ready({ signal } = {}) {
      await source.getToken(undefined, { signal });
      await entries?.flush();
    },
    flush: async () => entries?.flush(),
    watch: watcher({ cache: cachedTokensOf(cache), source: cached, complete: requestDefaults(defaults) }),
    stats: () => tokenStats({ origin, grants, cache: cachedTokensOf(cache), shared: entries }),
    revoke: revokeAll({ cache: cachedTokensOf(cache), grants, shared: entries, onEvent }),
    [observeKey]: observers.observe,
  };
}

function clientAuthenticationOf({ clientAuthentication, clientSecret }: TokenServiceOptions): ClientAuthentication {
  if (clientAuthentication !== undefined) return clientAuthentication;
  return clientSecret === undefined ? noClientAuthentication() : clientSecretByMetadata(clientSecret);
}
