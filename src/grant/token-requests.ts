import { genericGrantRequest } from 'openid-client';

import { DeadlineError } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { cleanUrl } from '../core/clean-text.js';
import { type Clock, elapsedMs, instant } from '../core/clock.js';
import { dpopProofs } from '../core/dpop-proof.js';
import type { TokenEvent } from '../core/events.js';
import type { AuthorizationServer } from './authorization-server.js';
import type { ClockSkew } from './clock-skew.js';
import { type Dpop, dpopKeyOf } from './dpop.js';
import { grantError } from './errors/grant-error.js';
import type { BoundedResponse } from './http/bounded-fetch.js';
import { sendProven } from './http/proven-requests.js';
import { detailsIn, keptMembers } from './kept-members.js';
import type { FailedGrant, Grant, GrantState } from './grant.js';
import type { GrantTypeMembers } from './grant-type.js';
import { isAboutClient, type PreparedGrant, type RequestPreparation } from './prepare-request.js';
import { acceptTokenResponse, readLifetime, readToken } from './token-response.js';

/** Options of {@link tokenRequests}. */
export interface TokenRequestsOptions {
  readonly server: AuthorizationServer;
  readonly skew: ClockSkew;
  readonly preparation: Pick<RequestPreparation, 'configure'>;
  readonly grantType: GrantTypeMembers;
  readonly dpop: Dpop | undefined;
  readonly assumeBearer: boolean;
  readonly defaultLifetimeSeconds: number;
  /** The names of further members of the token response that the token keeps. */
  readonly keepMembers: readonly string[];
  readonly clock: Clock;
  readonly emit: (event: TokenEvent) => void;
}

/** Sends prepared token requests, and reports their outcomes as events. */
export interface TokenRequests {
  /** The state of the last successful grant. */
  readonly state: GrantState;
  /** @throws {TokenError} or the reason of the signal */
  send(grant: Grant, prepared: PreparedGrant): Promise<AccessToken>;
  /**
   * Emits `grant.failed` and returns the {@link TokenError} to throw. If the caller aborted the grant, emits no event
   * and returns the reason of the signal.
   */
  reportFailure(cause: unknown, failed: FailedGrant): unknown;
}

/** Sends prepared token requests (RFC 6749 §4.5). */
export function tokenRequests({
  server,
  skew,
  preparation,
  grantType,
  dpop,
  assumeBearer,
  defaultLifetimeSeconds,
  keepMembers,
  clock,
  emit,
}: TokenRequestsOptions): TokenRequests {
  const key = dpop && dpopKeyOf(dpop);
  let state: GrantState = { credential: undefined, clockSkewMs: 0 };
  // Makes the proofs for the token endpoint, and stores the nonces of the server.
  const proofs = key && dpopProofs();

  async function send(grant: Grant, prepared: PreparedGrant): Promise<AccessToken> {
    const { certificateThumbprint } = prepared.authentication;
    const { isExchange } = grantType;
    const { configuration, bounded } = preparation.configure(prepared, {
      signal: grant.signal,
      accept(response) {
        // Read now: the request has added its assertion.
        const secrets = secretsOf(prepared);
        return acceptTokenResponse(response, { authorizationServer: server.name, secrets, assumeBearer, isExchange });
      },
      bodyFormat: grantType.bodyFormat,
    });
    const binding = await key?.binding();
    const parameters = new URLSearchParams([...grant.parameters, ...Object.entries(prepared.input.parameters)]);
    if (server.resource !== undefined && !parameters.has('resource')) parameters.set('resource', server.resource);
    const requestedAt = instant(clock);
    try {
      const request = () => genericGrantRequest(configuration, grantType.name, parameters);
      const proving = proofs && binding && { configuration, bounded, proofs, binding, signal: grant.signal };
      const sending = proving === undefined ? request() : sendProven(proving, request);
      const response = await sending.finally(() => (grant.attempts.sent += bounded.requests));
      const body = bounded.response?.body ?? '';
      const members = keepMembers.length === 0 ? {} : keptMembers(body, keepMembers, server.name);
      const authorizationDetails = body.includes('"authorization_details"') ? detailsIn(body) : undefined;
      const expected = {
        members,
        authorizationDetails,
        requestedAt,
        defaultLifetimeSeconds,
        certificateThumbprint,
        dpop: key && { ...binding, requireBinding: key.requireBinding },
      };
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
    const { grant, began, prepared, response, requests = 0, ignoredProxy } = failed;
    const { context, signal } = grant;
    // The deadline of this library counts as a failure of the server. Any other abort comes from the caller.
    if (signal?.aborted === true && !(signal.reason instanceof DeadlineError)) return signal.reason;
    const { input, authentication: { hint } = {} } = prepared ?? {};
    const secrets = prepared && secretsOf(prepared);
    const grantFacts = { grantName: grantType.title, inputHint: input?.hint };
    const usesDpop = dpop !== undefined;
    const error = grantError(cause, {
      ...context,
      ...grantFacts,
      secrets,
      hint,
      usesDpop,
      response,
      ignoredProxy,
      now: clock.now(),
    });
    // If nothing was sent, for example because a remote signer failed, the outcome is not one of the server.
    if (prepared !== undefined && requests > 0) server.record(error);
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

const secretsOf = ({ authentication, input }: PreparedGrant): readonly string[] => [
  ...authentication.secrets,
  ...input.secrets,
];

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
