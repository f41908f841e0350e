import {
  allowInsecureRequests,
  clientCredentialsGrant,
  Configuration,
  customFetch,
  tokenRevocation,
} from 'openid-client';

import type { ClientAuthentication, PreparedAuthentication } from '../authentication/client-authentication.js';
import { DeadlineError } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { type Clock, elapsedMs, instant, systemClock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import { eventSink, type EventSink } from '../core/events.js';
import { canonicalRequest, type CanonicalTokenRequest } from '../core/token-request.js';
import type { TokenSource } from '../core/token-source.js';
import { authorizationServer } from './authorization-server.js';
import { serverTime } from './clock-skew.js';
import type { Dpop } from './dpop.js';
import { translateError } from './errors/grant-error.js';
import { revocationError } from './errors/revocation-error.js';
import { type Exchange, exchange, type Reply, withoutQuery } from './http/bounded-fetch.js';
import { isClientRefused, type Means, requestMeans } from './prepare-request.js';
import { acceptTokenResponse, readToken } from './token-response.js';

/** Options of {@link clientCredentials}. */
export interface ClientCredentialsOptions {
  /** The URL that identifies the authorization server; its metadata is discovered. Either this or `tokenEndpoint`. */
  readonly issuer?: string | undefined;
  /** The URL that grants are posted to, when there is nothing to discover. */
  readonly tokenEndpoint?: string | undefined;
  /** The URL where tokens are revoked, beside a `tokenEndpoint` (RFC 7009); with an `issuer` its metadata say so. */
  readonly revocationEndpoint?: string | undefined;
  /** The user's service, as the authorization server knows it. */
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  /** `'fapi2'` holds to the rules of the FAPI 2.0 Security Profile for clients, and refuses what breaks them. */
  readonly profile?: 'fapi2' | undefined;
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
  /** Has tokens bound to a key, so that a stolen one is of no use: `dpop()` (RFC 9449). */
  readonly dpop?: Dpop | undefined;
  /** How the authorization server is reached: through a proxy or with a private CA, say. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
}

/** The client credentials grant, and its undoing. */
export interface ClientCredentials extends TokenSource {
  /**
   * Revokes a token (RFC 7009 §2.1), with the authentication of a grant. One that the server does not know counts as revoked.
   * @throws {TokenError} when the token may still be valid
   */
  revoke(token: AccessToken, signal?: AbortSignal): Promise<void>;
}

/**
 * The innermost token source: one client credentials grant for each call (RFC 6749 §4.4).
 * Its `getToken` throws {@link GrantRejectedError}, {@link GrantUnavailableError}, {@link InvalidTokenResponseError}, or
 * {@link ConfigurationError} when the options do not fit the authorization server.
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
  dpop,
  fetch = (input, init) => globalThis.fetch(input, init),
  clock = systemClock,
  onEvent,
}: ClientCredentialsOptions): ClientCredentials {
  const server = authorizationServer({ issuer, tokenEndpoint, revocationEndpoint, timeoutMs, fetch, clock });
  const time = serverTime(clock);
  const requireSenderConstraint = profile === 'fapi2' && dpop === undefined;
  const { gather, gatherOthers } = requestMeans({
    server,
    time,
    clientId,
    clientAuthentication,
    clock,
    profile,
    requireSenderConstraint: requireSenderConstraint,
  });
  const emit = eventSink(onEvent);

  async function grant(
    request: CanonicalTokenRequest,
    gathering: Promise<Means>,
    signal: AbortSignal | undefined,
  ): Promise<AccessToken> {
    const context = { authorizationServer: server.name, clientId, requestedScope: request.scope };
    let granting: Granting | undefined;
    let began = instant(clock);
    try {
      const means = await gathering;
      const { secrets } = means.authentication;
      granting = configure(means, signal, (reply) => acceptTokenResponse(reply, server.name, secrets));
      const { configuration } = granting;
      const DPoP = await dpop?.handle(configuration);
      const proven = dpop && { keyPair: await dpop.keyPair(), requireBinding: dpop.requireBinding };
      began = instant(clock);
      // A nonce that the server asks for is one request more, with credentials of its own (RFC 9449 §8).
      const response = await clientCredentialsGrant(configuration, parametersOf(request), DPoP && { DPoP });
      const { certificateThumbprint } = granting.authentication;
      const token = readToken(response, {
        ...context,
        asked: began,
        defaultLifetimeSeconds,
        certificateThumbprint,
        dpop: proven,
      });
      const where = hostElsewhere(granting.asked.reply, server.name);
      emit({ type: 'grant.succeeded', ...context, ...where, ...outcomeOf(token), durationMs: elapsedMs(began, clock) });
      if (token.remainingMs(clock) <= 0) emit({ type: 'token.expired_on_arrival', scope: token.scope });
      return token;
    } catch (cause) {
      if (isAborted(signal)) throw signal.reason;
      const error = translateError(cause, {
        ...context,
        ...granting?.authentication,
        usesDpop: dpop !== undefined,
        reply: granting?.asked.reply,
        now: clock.now(),
      });
      if (isClientRefused(error)) time.learn(granting?.asked.reply, granting?.skewMs);
      emit({ type: 'grant.failed', ...context, error, durationMs: elapsedMs(began, clock) });
      throw error;
    }
  }

  // One for each request: its answer and its credentials are nobody else's.
  function configure(
    { metadata, authentication, skewMs }: Means,
    signal: AbortSignal | undefined,
    accept?: (reply: Reply) => string,
  ): Granting {
    const asked = exchange(authentication.fetch ?? fetch, { timeoutMs, accept, signal });
    const client = { use_mtls_endpoint_aliases: authentication.fetch !== undefined };
    const configuration = new Configuration(metadata, clientId, client, authentication.authenticate);
    configuration[customFetch] = asked.fetch;
    // What may be asked over http is decided in exchange.ts.
    allowInsecureRequests(configuration);
    return { configuration, authentication, skewMs, asked };
  }

  return {
    async getToken(request, { signal } = {}) {
      const canonical = canonicalRequest(request);
      const gathering = gather(signal);
      try {
        return await grant(canonical, gathering, signal);
      } catch (error) {
        const others = await gatherOthers(error, gathering, signal);
        if (others === undefined) throw error;
        return grant(canonical, Promise.resolve(others), signal);
      }
    },
    async revoke({ value }, signal) {
      let revoking: Granting | undefined;
      try {
        const means = await gather(signal);
        if (means.metadata.revocation_endpoint === undefined) throw noRevocation(server.name, issuer);
        revoking = configure(means, signal);
        await tokenRevocation(revoking.configuration, value, { token_type_hint: 'access_token' });
      } catch (cause) {
        const secrets = [value, ...(revoking?.authentication.secrets ?? [])];
        const reply = revoking?.asked.reply;
        throw revocationError(cause, { authorizationServer: server.name, clientId, secrets, reply });
      }
    },
  };
}

const noRevocation = (server: string, issuer: string | undefined): ConfigurationError =>
  new ConfigurationError(
    `${server} revokes no tokens: ` +
      (issuer === undefined ? 'set "revocationEndpoint"' : 'its metadata name no "revocation_endpoint" (RFC 8414 §2)'),
  );

interface Granting {
  readonly configuration: Configuration;
  readonly authentication: PreparedAuthentication;
  readonly skewMs: number;
  readonly asked: Exchange;
}

// A deadline is the server's failure; whoever gave up knows why.
function isAborted(signal: AbortSignal | undefined): signal is AbortSignal {
  return signal?.aborted === true && !(signal.reason instanceof DeadlineError);
}

const outcomeOf = ({ scope, expiresAt, issuedAt }: AccessToken) => ({ scope, lifetimeMs: expiresAt - issuedAt });

// Common, and worth a look: the metadata say where the credentials go.
function hostElsewhere(reply: Reply | undefined, server: string): { readonly tokenEndpoint?: string } {
  if (reply === undefined || new URL(reply.url).host === new URL(server).host) return {};
  return { tokenEndpoint: withoutQuery(reply.url) };
}

// RFC 6749 §4.4.2, RFC 8707 §2. An empty parameter is the same as none and is not sent.
function parametersOf({ scope, resource, audience, parameters }: CanonicalTokenRequest): URLSearchParams {
  const sent = new URLSearchParams(parameters);
  if (scope !== undefined) sent.set('scope', scope);
  for (const uri of resource) sent.append('resource', uri);
  for (const name of audience) sent.append('audience', name);
  return sent;
}
