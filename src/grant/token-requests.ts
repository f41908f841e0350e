import { clientCredentialsGrant, type DPoPHandle, getDPoPHandle } from 'openid-client';

import { DeadlineError } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { cleanUrl } from '../core/clean-text.js';
import { type Clock, elapsedMs, type Instant, instant } from '../core/clock.js';
import type { CredentialFacts, GrantReason, TokenEvent } from '../core/events.js';
import type { AuthorizationServer } from './authorization-server.js';
import type { ClockSkew } from './clock-skew.js';
import { type Dpop, dpopKeyOf } from './dpop.js';
import { grantError } from './errors/grant-error.js';
import type { BoundedResponse } from './http/bounded-fetch.js';
import { keptMembers } from './kept-members.js';
import { isAboutClient, type PreparedRequest, type RequestPreparation } from './prepare-request.js';
import { acceptTokenResponse, readLifetime, readToken } from './token-response.js';

/** Options of {@link tokenRequests}. */
export interface TokenRequestsOptions {
  readonly server: AuthorizationServer;
  readonly skew: ClockSkew;
  readonly preparation: Pick<RequestPreparation, 'configure'>;
  readonly dpop: Dpop | undefined;
  readonly assumeBearer: boolean;
  readonly defaultLifetimeSeconds: number;
  /** The names of further members of the token response that the token keeps. */
  readonly keepMembers: readonly string[];
  readonly clock: Clock;
  readonly emit: (event: TokenEvent) => void;
}

/** One grant: its parameters, and its context for events and errors. */
export interface Grant {
  readonly context: {
    readonly authorizationServer: string;
    readonly clientId: string;
    readonly requestedScope: string | undefined;
  };
  readonly reason: GrantReason | undefined;
  /** Counts the token requests that were sent. */
  readonly attempts: { sent: number };
  readonly parameters: URLSearchParams;
  readonly signal: AbortSignal | undefined;
}

/** The facts about a failed grant. */
export interface FailedGrant {
  readonly grant: Grant;
  readonly began: Instant;
  /** Absent if the preparation has failed. */
  readonly prepared?: PreparedRequest;
  readonly response?: BoundedResponse | undefined;
  /** Number of requests that were sent. */
  readonly requests?: number;
  /** The environment variable that names a proxy, if Node.js ignored it. */
  readonly ignoredProxy?: string | undefined;
}

/** The facts of a successful grant that a snapshot of the token service shows. */
export interface GrantState {
  /** The credential that authenticated the grant. */
  readonly credential: CredentialFacts | undefined;
  /** How far the clock of the authorization server is ahead, in milliseconds; 0 for less than ten seconds. */
  readonly clockSkewMs: number;
}

/** Sends prepared token requests, and reports their outcomes as events. */
export interface TokenRequests {
  /** The state of the last successful grant. */
  readonly state: GrantState;
  /** @throws {TokenError} or the reason of the signal */
  send(grant: Grant, prepared: PreparedRequest): Promise<AccessToken>;
  /**
   * Emits `grant.failed` and returns the {@link TokenError} to throw. If the caller aborted the grant, emits no event
   * and returns the reason of the signal.
   */
  reportFailure(cause: unknown, failed: FailedGrant): unknown;
}

/** Sends prepared token requests of the client credentials grant (RFC 6749 §4.4.2). */
export function tokenRequests({
  server,
  skew,
  preparation,
  dpop,
  assumeBearer,
  defaultLifetimeSeconds,
  keepMembers,
  clock,
  emit,
}: TokenRequestsOptions): TokenRequests {
  const key = dpop && dpopKeyOf(dpop);
  let state: GrantState = { credential: undefined, clockSkewMs: 0 };
  // Signs the proofs for the token endpoint, and stores the nonces of the server.
  let handle: DPoPHandle | undefined;

  async function send(grant: Grant, prepared: PreparedRequest): Promise<AccessToken> {
    const { certificateThumbprint, secrets } = prepared.authentication;
    const { configuration, bounded } = preparation.configure(prepared, {
      signal: grant.signal,
      accept: (response) => acceptTokenResponse(response, { authorizationServer: server.name, secrets, assumeBearer }),
    });
    const dpopKey = key && { keyPair: await key.keyPair(), requireBinding: key.requireBinding };
    const DPoP = dpopKey && (handle ??= getDPoPHandle(configuration, dpopKey.keyPair));
    const requestedAt = instant(clock);
    try {
      // If the server requires a nonce, openid-client sends a second request with fresh authentication (RFC 9449 §8).
      const sending = clientCredentialsGrant(configuration, grant.parameters, DPoP && { DPoP });
      const response = await sending.finally(() => (grant.attempts.sent += bounded.requests));
      const body = bounded.response?.body ?? '';
      const members = keepMembers.length === 0 ? {} : keptMembers(body, keepMembers, server.name);
      const expected = { members, requestedAt, defaultLifetimeSeconds, certificateThumbprint, dpop: dpopKey };
      const token = readToken(response, { authorizationServer: server.name, ...expected });
      server.record('success');
      state = { credential: prepared.authentication.credentials?.[0]?.facts, clockSkewMs: prepared.skewMs };
      emit({
        type: 'grant.succeeded',
        ...factsOf(grant, bounded),
        ...otherHost(bounded.response, server.name),
        scope: token.scope,
        lifetimeMs: token.expiresAt - token.issuedAt,
        durationMs: elapsedMs(requestedAt, clock),
        ...state,
      });
      const { expires_in: announcedSeconds = 0 } = response;
      const { requestedScope } = grant.context;
      if (readLifetime(announcedSeconds, requestedAt.wall)?.isCapped) {
        emit({ type: 'token.lifetime_capped', requestedScope, scope: token.scope, announcedSeconds });
      }
      if (token.remainingMs(clock) <= 0) {
        emit({ type: 'token.expired_on_arrival', requestedScope, scope: token.scope });
      }
      return token;
    } catch (cause) {
      const { response, requests, ignoredProxy } = bounded;
      throw reportFailure(cause, { grant, began: requestedAt, prepared, response, requests, ignoredProxy });
    }
  }

  function reportFailure(cause: unknown, failed: FailedGrant): unknown {
    const { grant, began, prepared, response, ignoredProxy } = failed;
    const { context, signal } = grant;
    // The deadline of this library counts as a failure of the server. Any other abort comes from the caller.
    if (signal?.aborted === true && !(signal.reason instanceof DeadlineError)) return signal.reason;
    const { secrets, hint } = prepared?.authentication ?? {};
    const usesDpop = dpop !== undefined;
    const error = grantError(cause, { ...context, secrets, hint, usesDpop, response, ignoredProxy, now: clock.now() });
    if (prepared !== undefined) server.record(error);
    if (prepared !== undefined && isAboutClient(error)) skew.observe(response, prepared.skewMs);
    emit({ type: 'grant.failed', ...factsOf(grant, failed), error, durationMs: elapsedMs(began, clock) });
    return error;
  }

  return {
    get state() {
      return state;
    },
    send,
    reportFailure,
  };
}

const factsOf = ({ context, reason, attempts }: Grant, { requests = 0 }: Pick<FailedGrant, 'requests'>) => ({
  ...context,
  reason,
  attempt: requests > 0 ? attempts.sent : undefined,
  ...(requests > 1 && { dpopNonce: true as const }),
});

// The metadata determine where the credentials are sent, so the event reports a token endpoint on another host.
function otherHost(response: BoundedResponse | undefined, server: string): { readonly tokenEndpoint?: string } {
  if (response === undefined || new URL(response.url).host === new URL(server).host) return {};
  return { tokenEndpoint: cleanUrl(response.url) };
}
