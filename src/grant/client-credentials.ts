import {
  allowInsecureRequests,
  clientCredentialsGrant,
  Configuration,
  customFetch,
  type ServerMetadata,
} from 'openid-client';

import { abortable } from '../abortable.js';
import type { AccessToken } from '../access-token.js';
import { type Clock, elapsedMs, instant, systemClock } from '../clock.js';
import { eventSink, type EventSink } from '../events.js';
import { canonicalRequest, type CanonicalTokenRequest } from '../token-request.js';
import type { TokenSource } from '../token-source.js';
import { authorizationServer } from './authorization-server.js';
import type { ClientAuthentication, PreparedAuthentication } from './client-authentication.js';
import { type Exchange, exchange } from './exchange.js';
import { acceptTokenResponse, readToken } from './token-response.js';
import { translateError } from './translate-error.js';

/** Options of {@link clientCredentials}. */
export interface ClientCredentialsOptions {
  /** The URL that identifies the authorization server; its metadata is discovered. Either this or `tokenEndpoint`. */
  readonly issuer?: string | undefined;
  /** The URL that grants are posted to, when there is nothing to discover. */
  readonly tokenEndpoint?: string | undefined;
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  /**
   * Deadline of each request to the authorization server, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Lifetime of a token whose response does not say one, in seconds.
   * @default 300
   */
  readonly defaultLifetimeSeconds?: number | undefined;
  /** How the authorization server is reached: through a proxy or with a private CA, say. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly clock?: Clock | undefined;
  readonly onEvent?: EventSink | undefined;
}

/**
 * The innermost token source: one client credentials grant for each call (RFC 6749 §4.4).
 * Its `getToken` throws {@link GrantRejectedError}, {@link GrantUnavailableError}, {@link InvalidTokenResponseError}, or
 * {@link ConfigurationError} when the options do not fit the authorization server.
 */
export function clientCredentials({
  issuer,
  tokenEndpoint,
  clientId,
  clientAuthentication,
  timeoutMs = 5_000,
  defaultLifetimeSeconds = 300,
  fetch = (input, init) => globalThis.fetch(input, init),
  clock = systemClock,
  onEvent,
}: ClientCredentialsOptions): TokenSource {
  const server = authorizationServer({ issuer, tokenEndpoint, timeoutMs, fetch, clock });
  const emit = eventSink(onEvent);

  return {
    async getToken(request, { signal } = {}) {
      const { scope: requestedScope, ...rest } = canonicalRequest(request);
      const facts = { authorizationServer: server.name, clientId, requestedScope };
      const granting = exchange(fetch, {
        timeoutMs,
        accept: (reply) => acceptTokenResponse(reply, server.name),
        signal,
      });
      let authentication: PreparedAuthentication | undefined;
      let asked = instant(clock);
      try {
        const metadata = await abortable(server.metadata(), signal);
        authentication = await abortable(clientAuthentication.prepare(clientId, metadata), signal);
        const configuration = configure(metadata, authentication, granting);
        asked = instant(clock);
        const response = await clientCredentialsGrant(configuration, parametersOf({ scope: requestedScope, ...rest }));
        const token = readToken(response, { ...facts, asked, defaultLifetimeSeconds });
        emit({ type: 'grant.succeeded', ...facts, ...outcomeOf(token), durationMs: elapsedMs(asked, clock) });
        if (token.remainingMs(clock) <= 0) emit({ type: 'token.expired_on_arrival', scope: token.scope });
        return token;
      } catch (cause) {
        const error = translateError(cause, granting, { ...facts, ...authentication, now: clock.now() });
        emit({ type: 'grant.failed', ...facts, error, durationMs: elapsedMs(asked, clock) });
        throw error;
      }
    },
  };

  // One for each grant: its answer and its credentials are nobody else's.
  function configure(
    metadata: ServerMetadata,
    { authenticate }: PreparedAuthentication,
    granting: Exchange,
  ): Configuration {
    const configuration = new Configuration(metadata, clientId, undefined, authenticate);
    configuration[customFetch] = granting.fetch;
    // What may be asked over http is decided in exchange.ts.
    allowInsecureRequests(configuration);
    return configuration;
  }
}

const outcomeOf = ({ scope, expiresAt, issuedAt }: AccessToken) => ({ scope, lifetimeMs: expiresAt - issuedAt });

// RFC 6749 §4.4.2, RFC 8707 §2. An empty parameter is the same as none and is not sent.
function parametersOf({ scope, resource, audience, parameters }: Omit<CanonicalTokenRequest, 'key'>): URLSearchParams {
  const sent = new URLSearchParams(parameters);
  if (scope !== undefined) sent.set('scope', scope);
  for (const uri of resource) sent.append('resource', uri);
  for (const name of audience) sent.append('audience', name);
  return sent;
}
