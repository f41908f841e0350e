import { clientCredentialsGrant } from 'openid-client';

import type { ClientAuthentication } from '../authentication/client-authentication.js';
import { DeadlineError } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { cleanUrl } from '../core/clean-text.js';
import { type Clock, elapsedMs, type Instant, instant, systemClock } from '../core/clock.js';
import { eventSink, type EventSink } from '../core/events.js';
import { canonicalRequest, type CanonicalTokenRequest } from '../core/token-request.js';
import type { TokenSource } from '../core/token-source.js';
import { authorizationServer, type AuthorizationServerOptions } from './authorization-server.js';
import { clockSkew } from './clock-skew.js';
import type { Dpop } from './dpop.js';
import { grantError } from './errors/grant-error.js';
import type { BoundedResponse } from './http/bounded-fetch.js';
import { readLifetime } from './lifetime.js';
import { isAboutClient, type PreparedRequest, prepareRequest } from './prepare-request.js';
import { revokeToken } from './revoke-token.js';
import { acceptTokenResponse, readToken } from './token-response.js';

/** Options of {@link clientCredentials}. Either `issuer` or `tokenEndpoint` is required. */
export interface ClientCredentialsOptions extends Omit<AuthorizationServerOptions, 'timeoutMs' | 'fetch' | 'clock'> {
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  /** `'fapi2'` enforces the rules of the FAPI 2.0 Security Profile for clients. */
  readonly profile?: 'fapi2' | undefined;
  /** Deadline of each request to the authorization server, in milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Lifetime of a token whose response has no `expires_in`, in seconds. @default 300 */
  readonly defaultLifetimeSeconds?: number | undefined;
  /**
   * Whether a token whose `token_type` is missing or unknown counts as a Bearer token. Types that are known to be sent in
   * another way, such as `mac`, are still rejected.
   * @default false
   */
  readonly assumeBearer?: boolean | undefined;
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
}

/**
 * The innermost token source: sends one client credentials grant per call (RFC 6749 §4.4).
 * Its `getToken` throws {@link GrantRejectedError}, {@link GrantUnavailableError}, {@link InvalidTokenResponseError}, or
 * {@link ConfigurationError} if the options do not fit the authorization server.
 */
export function clientCredentials({
  issuer,
  tokenEndpoint,
  revocationEndpoint,
  clientId,
  clientAuthentication,
  profile,
  timeoutMs = 5_000,
  defaultLifetimeSeconds = 300,
  assumeBearer = false,
  dpop,
  fetch = (input, init) => globalThis.fetch(input, init),
  clock = systemClock,
  onEvent,
}: ClientCredentialsOptions): ClientCredentials {
  const server = authorizationServer({ issuer, tokenEndpoint, revocationEndpoint, timeoutMs, fetch, clock });
  const skew = clockSkew(clock);
  const requireSenderConstraint = profile === 'fapi2' && dpop === undefined;
  const client = { clientId, clientAuthentication, profile, requireSenderConstraint };
  const preparation = prepareRequest({ server, skew, ...client, timeoutMs, fetch, clock });
  const emit = eventSink(onEvent);

  async function requestToken(grant: Grant, prepared: PreparedRequest): Promise<AccessToken> {
    const { certificateThumbprint, secrets } = prepared.authentication;
    const { configuration, bounded } = preparation.configure(prepared, {
      signal: grant.signal,
      accept: (response) => acceptTokenResponse(response, { authorizationServer: server.name, secrets, assumeBearer }),
    });
    const DPoP = await dpop?.handle(configuration);
    const dpopKey = dpop && { keyPair: await dpop.keyPair(), requireBinding: dpop.requireBinding };
    const requestedAt = instant(clock);
    try {
      // If the server requires a nonce, openid-client sends a second request with fresh authentication (RFC 9449 §8).
      const response = await clientCredentialsGrant(configuration, grant.parameters, DPoP && { DPoP });
      const expected = { requestedAt, defaultLifetimeSeconds, certificateThumbprint, dpop: dpopKey };
      const token = readToken(response, { ...grant.context, ...expected });
      server.record('success');
      emit({
        type: 'grant.succeeded',
        ...grant.context,
        ...otherHost(bounded.response, server.name),
        scope: token.scope,
        lifetimeMs: token.expiresAt - token.issuedAt,
        durationMs: elapsedMs(requestedAt, clock),
      });
      const { expires_in: announcedSeconds = 0 } = response;
      if (readLifetime(announcedSeconds, requestedAt.wall)?.isCapped) {
        emit({ type: 'token.lifetime_capped', scope: token.scope, announcedSeconds });
      }
      if (token.remainingMs(clock) <= 0) emit({ type: 'token.expired_on_arrival', scope: token.scope });
      return token;
    } catch (cause) {
      throw failure(cause, { grant, began: requestedAt, prepared, response: bounded.response });
    }
  }

  function failure(cause: unknown, { grant, began, prepared, response }: FailedGrant): unknown {
    const { context, signal } = grant;
    // The deadline of this library counts as a failure of the server. Any other abort comes from the caller.
    if (signal?.aborted === true && !(signal.reason instanceof DeadlineError)) return signal.reason;
    const { secrets, hint } = prepared?.authentication ?? {};
    const usesDpop = dpop !== undefined;
    const error = grantError(cause, { ...context, secrets, hint, usesDpop, response, now: clock.now() });
    if (prepared !== undefined) server.record(error);
    if (prepared !== undefined && isAboutClient(error)) skew.observe(response, prepared.skewMs);
    emit({ type: 'grant.failed', ...context, error, durationMs: elapsedMs(began, clock) });
    return error;
  }

  return {
    async getToken(request, { signal } = {}) {
      const canonical = canonicalRequest(request);
      const context = { authorizationServer: server.name, clientId, requestedScope: canonical.scope };
      const grant = { context, parameters: parametersOf(canonical), signal };
      const began = instant(clock);
      const prepared = await preparation.prepare(signal).catch((cause: unknown) => {
        throw failure(cause, { grant, began });
      });
      try {
        return await requestToken(grant, prepared);
      } catch (error) {
        const again = await preparation.prepareAgain(error, prepared, signal);
        if (again === undefined) throw error;
        return requestToken(grant, again);
      }
    },
    revoke: revokeToken({ server, issuer, clientId, preparation }),
  };
}

/** One grant: its parameters, and its context for events and errors. */
interface Grant {
  readonly context: {
    readonly authorizationServer: string;
    readonly clientId: string;
    readonly requestedScope: string | undefined;
  };
  readonly parameters: URLSearchParams;
  readonly signal: AbortSignal | undefined;
}

interface FailedGrant {
  readonly grant: Grant;
  readonly began: Instant;
  readonly prepared?: PreparedRequest;
  readonly response?: BoundedResponse | undefined;
}

// The metadata decide where the credentials are sent, so another host is reported.
function otherHost(response: BoundedResponse | undefined, server: string): { readonly tokenEndpoint?: string } {
  if (response === undefined || new URL(response.url).host === new URL(server).host) return {};
  return { tokenEndpoint: cleanUrl(response.url) };
}

// RFC 6749 §4.4.2, RFC 8707 §2. An empty parameter means the same as none and is not sent.
function parametersOf({ scope, resource, audience, parameters }: CanonicalTokenRequest): URLSearchParams {
  const sent = new URLSearchParams(parameters);
  if (scope !== undefined) sent.set('scope', scope);
  for (const uri of resource) sent.append('resource', uri);
  for (const name of audience) sent.append('audience', name);
  return sent;
}
