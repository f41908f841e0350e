import type { ClientAuthentication } from '../authentication/client-authentication.js';
import type { AccessToken } from '../core/access-token.js';
import {
  anyClock,
  anyFunction,
  checkArgument,
  checkIsOptions,
  checkOptions,
  durationMs,
  listOfStrings,
  nonEmptyString,
  objectWith,
  positiveInteger,
} from '../core/check-options.js';
import { type Clock, elapsedMs, instant, systemClock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import { eventSink } from '../core/event-sink.js';
import type { EventSink } from '../core/events.js';
import { type InsecureUrl, nonEmptyUrl } from '../core/insecure-url.js';
import { canonicalRequest, type CanonicalTokenRequest } from '../core/token-request.js';
import type { TokenSource } from '../core/token-source.js';
import { authorizationServer } from './authorization-server.js';
import { clockSkew } from './clock-skew.js';
import type { Dpop } from './dpop.js';
import { globalFetch, userFetch } from './http/bounded-fetch.js';
import { prepareRequest } from './prepare-request.js';
import { revokeToken } from './revoke-token.js';
import { type Grant, type GrantState, tokenRequests } from './token-requests.js';

/** Options of {@link clientCredentials}. Either `issuer` or `tokenEndpoint` is required. */
export interface ClientCredentialsOptions {
  /** The issuer, whose metadata are discovered (RFC 8414, then OpenID Connect Discovery). */
  readonly issuer?: string | InsecureUrl | undefined;
  /** The URL of the token endpoint, instead of `issuer`. */
  readonly tokenEndpoint?: string | InsecureUrl | undefined;
  /** The URL of the revocation endpoint, together with `tokenEndpoint` (RFC 7009). */
  readonly revocationEndpoint?: string | InsecureUrl | undefined;
  /** The client identifier (RFC 6749 §2.2). */
  readonly clientId: string;
  /** How the client authenticates: `clientSecretBasic(secret)`, `privateKeyJwt({ key })` and others. */
  readonly clientAuthentication: ClientAuthentication;
  /** `'fapi2'` enforces the rules of the FAPI 2.0 Security Profile for clients. */
  readonly profile?: 'fapi2' | undefined;
  /** Deadline of each request to the authorization server, in milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Lifetime of a token whose response has no `expires_in`, in seconds. @default 300 */
  readonly defaultLifetimeSeconds?: number | undefined;
  /**
   * Whether a token whose `token_type` is missing or unknown counts as a Bearer token. Types that are known to be sent
   * in another way, such as `mac`, are still rejected.
   * @default false
   */
  readonly assumeBearer?: boolean | undefined;
  /**
   * Members of the token response that the token keeps in `members`, if they are strings or numbers:
   * `['instance_url']`. Their total size is limited to 4 KiB. `refresh_token` and `id_token` are never kept.
   */
  readonly keepMembers?: readonly string[] | undefined;
  /** Binds tokens to a key, so that a stolen token cannot be used without it: `dpop()` (RFC 9449). */
  readonly dpop?: Dpop | undefined;
  /** Sends the requests to the authorization server, for example through a proxy. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
}

/** The client credentials grant as a token source, and the revocation of its tokens. */
export interface ClientCredentials extends TokenSource {
  /**
   * Revokes a token (RFC 7009 §2.1). A token that the authorization server does not know counts as revoked.
   * @throws {TokenError} if the token may still be valid
   */
  revoke(token: AccessToken, signal?: AbortSignal): Promise<void>;
  /** The credential of the last successful grant, and the clock skew that it was prepared with. */
  state(): GrantState;
}

/**
 * Makes the innermost token source, which sends one client credentials grant for each call.
 * @throws {ConfigurationError} if an option is missing or malformed
 * @see [RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)
 * @example
 * ```ts
 * import { clientSecretBasic } from 'm2m-tokens';
 * import { clientCredentials } from 'm2m-tokens/layers';
 *
 * const grants = clientCredentials({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientAuthentication: clientSecretBasic('secret'),
 * });
 * await grants.revoke(await grants.getToken());
 * ```
 */
export function clientCredentials(options: ClientCredentialsOptions): ClientCredentials {
  checkClientCredentials(options);
  const { issuer, tokenEndpoint, revocationEndpoint, clientId, clientAuthentication, profile, dpop, onEvent } = options;
  const { timeoutMs = 5_000, defaultLifetimeSeconds = 300, assumeBearer = false, keepMembers = [] } = options;
  const { clock = systemClock } = options;
  const fetch = options.fetch === undefined ? globalFetch : userFetch(options.fetch);
  const urls = { issuer, tokenEndpoint, revocationEndpoint };
  const emit = eventSink(onEvent);
  const server = authorizationServer({ ...urls, timeoutMs, fetch, clock, onEvent: emit });
  const skew = clockSkew(clock);
  const requireSenderConstraint = profile === 'fapi2' && dpop === undefined;
  const client = { clientId, clientAuthentication, profile, requireSenderConstraint };
  const preparation = prepareRequest({ server, skew, ...client, timeoutMs, fetch, clock, emit });
  const reporting = { clock, emit };
  const reading = { assumeBearer, defaultLifetimeSeconds, keepMembers };
  const requests = tokenRequests({ server, skew, preparation, dpop, ...reading, ...reporting });

  return {
    async getToken(request, { signal, reason, attempts = { sent: 0 } } = {}) {
      const canonical = canonicalRequest(request);
      const context = { authorizationServer: server.name, clientId, requestedScope: canonical.scope };
      const grant: Grant = { context, reason, attempts, parameters: parametersOf(canonical), signal };
      const began = instant(clock);
      const prepare = () =>
        preparation.prepare(signal).catch((cause: unknown) => {
          throw requests.reportFailure(cause, { grant, began });
        });
      const prepared = await prepare();
      const arrivedLate = (token: AccessToken): boolean =>
        token.expiresAt > token.issuedAt && token.remainingMs(clock) <= 0 && elapsedMs(began, clock) > timeoutMs;
      try {
        const token = await requests.send(grant, prepared);
        // If the token expired while the process was suspended, send the grant once more.
        return arrivedLate(token) ? await requests.send(grant, await prepare()) : token;
      } catch (error) {
        const again = await preparation.prepareAgain(error, prepared, signal);
        if (again === undefined) throw error;
        return requests.send(grant, again);
      }
    },
    state: () => requests.state,
    revoke: revokeToken({ server, issuer, clientId, preparation }),
  };
}

const optionChecks = {
  issuer: nonEmptyUrl,
  tokenEndpoint: nonEmptyUrl,
  revocationEndpoint: nonEmptyUrl,
  timeoutMs: durationMs,
  defaultLifetimeSeconds: positiveInteger,
  keepMembers: listOfStrings,
  dpop: objectWith('keyPair', 'thumbprint'),
  fetch: anyFunction,
  clock: anyClock,
  onEvent: anyFunction,
};

// The token service passes all of its options. Those that are unknown here are ignored.
function checkClientCredentials(options: ClientCredentialsOptions): void {
  const owner = 'clientCredentials';
  checkIsOptions(owner, options);
  checkArgument(owner, 'clientId', options.clientId, nonEmptyString);
  checkArgument(owner, 'clientAuthentication', options.clientAuthentication, objectWith('prepare', 'fingerprint'));
  const known = Object.entries(options).filter(([name]) => Object.hasOwn(optionChecks, name));
  checkOptions(owner, Object.fromEntries(known), optionChecks);
  if (options.issuer === undefined && options.tokenEndpoint === undefined) {
    throw new ConfigurationError(`${owner} needs "issuer" or "tokenEndpoint"`);
  }
}

// RFC 6749 §4.4.2, RFC 8707 §2. An empty parameter means the same as none and is not sent.
function parametersOf({ scope, resource, audience, parameters }: CanonicalTokenRequest): URLSearchParams {
  const sent = new URLSearchParams(parameters);
  if (scope !== undefined) sent.set('scope', scope);
  for (const uri of resource) sent.append('resource', uri);
  for (const name of audience) sent.append('audience', name);
  return sent;
}
