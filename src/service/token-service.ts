import { clientSecretByMetadata } from '../authentication/client-secret.js';
import type { Secret } from '../authentication/secret.js';
import type { AccessToken } from '../core/access-token.js';
import { eventSink } from '../core/events.js';
import { compose, type GetTokenOptions, type TokenSource } from '../core/token-source.js';
import { clientCredentials } from '../grant/client-credentials.js';
import { withCache } from '../layers/cache.js';
import { withDefaultRequest } from '../layers/default-request.js';
import { withNegativeCache } from '../layers/negative-cache.js';
import { withRateLimit } from '../layers/rate-limit.js';
import { withRetry } from '../layers/retry.js';
import { withSharedStore } from '../layers/shared-store/shared-store.js';
import { withSingleFlight } from '../layers/single-flight.js';
import { logEvents } from '../telemetry/logging.js';
import { checkTokenServiceOptions, type TokenServiceOptions } from './options.js';
import { revokeAll } from './revoke-all.js';

/** A token source that asks an authorization server. */
export interface TokenService extends TokenSource {
  /**
   * Fetches the default token now, so that a service that cannot get one fails at start-up and not at its first request.
   * @throws {TokenError} when there is none
   * @throws the reason of `signal`
   */
  ready(options?: Pick<GetTokenOptions, 'signal'>): Promise<void>;
  /**
   * Revokes the tokens that are kept, for a service that shuts down: within two seconds, and without ever rejecting (RFC 7009).
   * Resolves to whether all are revoked; an event says why not. They are handed out no more in either case: whoever asks
   * afterwards gets another one. The token of a grant that is under way is not among them: call it when no more requests are made.
   */
  revoke(): Promise<boolean>;
}

/**
 * Trades client id and secret for access tokens (RFC 6749 §4.4), keeps each until it expires and renews it early.
 * @throws {ConfigurationError} when an option is missing, unknown, malformed or contradicts another
 */
export function createTokenService(options: TokenServiceOptions): TokenService {
  checkTokenServiceOptions(options);
  const { issuer, tokenEndpoint, clientId, dpop, store, clock, random, refresh } = options;
  const { scope, resource, audience, parameters } = options;
  const onEvent = eventSink(options.logger && logEvents(options.logger), options.onEvent);
  const clientAuthentication = options.clientAuthentication ?? clientSecretByMetadata(options.clientSecret as Secret);
  // Replicas that agree in these share tokens.
  const identity = [issuer, tokenEndpoint, clientId, clientAuthentication.method];
  // Each look into the store asks for it.
  const isSenderConstrained = clientAuthentication.certificateThumbprint !== undefined || dpop !== undefined;
  const senderConstraintNow = async () => ({
    certificateThumbprint: await clientAuthentication.certificateThumbprint?.(),
    keyPair: await dpop?.keyPair(),
    thumbprint: await dpop?.thumbprint(),
  });
  const senderConstraint = isSenderConstrained ? senderConstraintNow : undefined;
  const deadlineMs = options.retry?.deadlineMs;

  const grants = clientCredentials({ ...options, clientAuthentication, onEvent });
  let takeBack: () => readonly AccessToken[] = () => [];
  const exposeTakeBack = (given: typeof takeBack): void => void (takeBack = given);

  const source = compose(
    grants,
    withRateLimit({ clock }),
    withRetry({ ...options.retry, clock, random }),
    withNegativeCache({ credentials: () => clientAuthentication.fingerprint(), clock, random }),
    ...(store === undefined
      ? []
      : [withSharedStore({ store, identity, senderConstraint, deadlineMs, refresh, clock, random, onEvent })]),
    withSingleFlight(),
    withCache({
      ...options.cache,
      refresh,
      clock,
      random,
      onEvent,
      onBinding: (thumbprint) => clientAuthentication.useCertificate?.(thumbprint),
      exposeTakeBack,
    }),
    withDefaultRequest({ scope, resource, audience, parameters }),
  );

  return {
    getToken: (request, requestOptions) => source.getToken(request, requestOptions),
    async ready({ signal } = {}) {
      await source.getToken(undefined, { signal });
    },
    revoke: revokeAll({
      drain: () => takeBack(),
      revoke: (token, signal) => grants.revoke(token, signal),
      onEvent,
    }),
  };
}
