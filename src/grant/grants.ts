import { LRUCache } from 'lru-cache';

import type { ClientAuthentication } from '../authentication/client-authentication.js';
import { noClientAuthentication } from '../authentication/no-client-authentication.js';
import type { AccessToken } from '../core/access-token.js';
import { elapsedMs, instant, systemClock } from '../core/clock.js';
import { type AnyTokenError, isTokenError } from '../core/errors.js';
import { eventSink } from '../core/event-sink.js';
import { canonicalRequest, type CanonicalTokenRequest } from '../core/token-request.js';
import type { TokenSource } from '../core/token-source.js';
import { authorizationServer, type AuthorizationServerOptions } from './authorization-server.js';
import { clockSkew } from './clock-skew.js';
import type { Grant, GrantState } from './grant.js';
import type { ClientCredentialsOptions } from './grant-options.js';
import { checkSubjectMembers, type GrantInput, type GrantTypeMembers } from './grant-type.js';
import { globalFetch } from './http/bounded-fetch.js';
import { userFetch } from './http/user-fetch.js';
import { type PreparedGrant, prepareRequest } from './prepare-request.js';
import { revokeToken } from './revoke-token.js';
import { tokenRequests } from './token-requests.js';

/** Options of {@link grantSource}. */
export interface GrantSourceOptions extends Omit<ClientCredentialsOptions, 'clientId' | 'clientAuthentication'> {
  /** `undefined` for a client that has no identifier. */
  readonly clientId?: string | undefined;
  /** `undefined` for a client that does not authenticate. */
  readonly clientAuthentication?: ClientAuthentication | undefined;
  /** Called with the issuer each time the metadata have been discovered. */
  readonly onNamed?: AuthorizationServerOptions['onNamed'];
}

/** An input that the authorization server has rejected. */
interface Rejection {
  readonly input: GrantInput;
  readonly error: AnyTokenError;
}

const maxRejections = 1_000;

/** Grants as a token source, and the revocation of its tokens. */
export interface GrantSource extends TokenSource {
  /**
   * Revokes a token (RFC 7009 §2.1). A token that the authorization server does not know counts as revoked.
   * @throws {TokenError} if the token may still be valid
   */
  revoke(token: AccessToken, signal?: AbortSignal): Promise<void>;
  /** The credential of the last successful grant, and the clock skew that it was prepared with. */
  state(): GrantState;
}

/** Makes the innermost token source, which sends one grant for each call. */
export function grantSource(options: GrantSourceOptions, grantType: GrantTypeMembers): GrantSource {
  const { issuer, tokenEndpoint, revocationEndpoint, protectedResource, issuers } = options;
  const { clientId, profile, dpop, onEvent, onNamed } = options;
  const { clientAuthentication = noClientAuthentication() } = options;
  const { timeoutMs = 5_000, defaultLifetimeSeconds = 300, assumeBearer = false, keepMembers = [] } = options;
  const { clock = systemClock } = options;
  const fetch = options.fetch === undefined ? globalFetch : userFetch(options.fetch);
  const urls = { issuer, tokenEndpoint, revocationEndpoint, protectedResource, issuers };
  const emit = eventSink(onEvent);
  const server = authorizationServer({ ...urls, timeoutMs, fetch, clock, onEvent: emit, onNamed });
  const skew = clockSkew(clock);
  const requireSenderConstraint = profile === 'fapi2' && dpop === undefined;
  const client = { clientId, clientAuthentication, profile, requireSenderConstraint };
  const preparation = prepareRequest({ server, skew, ...client, timeoutMs, fetch, clock, emit });
  const reporting = { clock, emit };
  const acceptance = { assumeBearer, defaultLifetimeSeconds, keepMembers };
  const requests = tokenRequests({ server, skew, preparation, grantType, dpop, ...acceptance, ...reporting });
  const rejections = new LRUCache<string, Rejection>({ maxSize: maxRejections, sizeCalculation: () => 1 });

  return {
    async getToken(request, { signal, reason, attempts = { sent: 0 } } = {}) {
      const canonical = canonicalRequest(request);
      const context = {
        // The name changes when a protected resource names its authorization server.
        get authorizationServer() {
          return server.name;
        },
        clientId,
        requestedScope: canonical.scope,
      };
      const grant: Grant = { context, reason, attempts, parameters: parametersOf(canonical), signal };
      const began = instant(clock);
      const rejection = rejections.get(canonical.key);

      async function prepare(rejected?: GrantInput, rejectedSecrets?: readonly string[]): Promise<PreparedGrant> {
        const inputRead = grantType.prepare(canonical, { signal, rejected });
        const [input, authenticated] = await Promise.all([inputRead, preparation.prepare(signal, rejectedSecrets)]);
        return { ...authenticated, input };
      }

      const prepared = await prepare(rejection?.input).catch((cause: unknown) => {
        throw requests.reportFailure(cause, { grant, began });
      });
      // An assertion that was rejected once is rejected again.
      if (rejection !== undefined && rejection.input.fingerprint === prepared.input.fingerprint) throw rejection.error;
      const arrivedLate = (token: AccessToken): boolean =>
        token.expiresAt > token.issuedAt && token.remainingMs(clock) <= 0 && elapsedMs(began, clock) > timeoutMs;

      async function send(each: PreparedGrant): Promise<AccessToken> {
        try {
          const token = await requests.send(grant, each);
          rejections.delete(canonical.key);
          return token;
        } catch (error) {
          if (isAboutInput(error, each)) rejections.set(canonical.key, { input: each.input, error });
          throw error;
        }
      }

      try {
        const token = await send(prepared);
        // If the token expired while the process was suspended, send the grant once more.
        return arrivedLate(token) ? await send(await prepare()) : token;
      } catch (error) {
        const rejected = isAboutInput(error, prepared) ? prepared.input : undefined;
        const again = await preparation.prepareAgain(error, prepared, {
          signal,
          prepare: (rejectedSecrets) => prepare(rejected, rejectedSecrets),
          hasOtherInput: rejected && (({ input }) => input.fingerprint !== rejected.fingerprint),
        });
        if (again === undefined) throw error;
        return send(again);
      }
    },
    state: () => requests.state,
    revoke: revokeToken({ server, tokenEndpoint, clientId, preparation }),
  };
}

// RFC 6749 §4.4.2, RFC 8707 §2, RFC 9396 §6. An empty parameter means the same as none and is not sent.
function parametersOf(request: CanonicalTokenRequest): URLSearchParams {
  const { scope, resource, audience, parameters, authorizationDetails } = request;
  const sent = new URLSearchParams(parameters);
  if (scope !== undefined) sent.set('scope', scope);
  for (const uri of resource) sent.append('resource', uri);
  for (const name of audience) sent.append('audience', name);
  if (authorizationDetails.length > 0) sent.set('authorization_details', JSON.stringify(authorizationDetails));
  return sent;
}

/** Whether the authorization server has rejected the assertion or the subject token of the request. */
const isAboutInput = (error: unknown, { input }: PreparedGrant): error is AnyTokenError =>
  isTokenError(error) &&
  error.code === 'ERR_GRANT_REJECTED' &&
  error.error === 'invalid_grant' &&
  input.fingerprint !== '';

/** The client credentials grant (RFC 6749 §4.4). It is based on the authentication of the client alone. */
export const clientCredentialsType: GrantTypeMembers = {
  name: 'client_credentials',
  title: 'client credentials grant',
  async prepare(request) {
    if (request.hasSubject) checkSubjectMembers(request);
    return { parameters: {}, secrets: [], fingerprint: '' };
  },
};
