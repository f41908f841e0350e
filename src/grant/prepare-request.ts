import { isDeepStrictEqual } from 'node:util';

import { allowInsecureRequests, Configuration, customFetch, type ServerMetadata } from 'openid-client';

import {
  type AuthenticationContext,
  authenticatorOf,
  type ClientAuthentication,
  type PreparedAuthentication,
  type PreparedCredential,
} from '../authentication/client-authentication.js';
import { abortable, DeadlineError } from '../core/abort.js';
import { type GrantRejectedError, GrantUnavailableError, isTokenError } from '../core/errors.js';
import type { TokenEvent } from '../core/events.js';
import type { AuthorizationServer } from './authorization-server.js';
import type { ClockSkew } from './clock-skew.js';
import { concernsClient } from './errors/error-response.js';
import type { GrantInput } from './grant-type.js';
import { type BoundedFetch, boundedFetch, type BoundedFetchOptions } from './http/bounded-fetch.js';

/** The metadata and the client authentication of one request to the authorization server. */
export interface PreparedRequest {
  readonly metadata: ServerMetadata;
  readonly authentication: PreparedAuthentication;
  /** The clock skew that the authentication was prepared with, in milliseconds. */
  readonly skewMs: number;
}

/** A prepared token request. */
export interface PreparedGrant extends PreparedRequest {
  readonly input: GrantInput;
}

/** Options of {@link prepareRequest}. */
export interface PrepareRequestOptions extends Omit<AuthenticationContext, 'skewMs' | 'rejectedSecrets' | 'signal'> {
  readonly server: AuthorizationServer;
  readonly skew: ClockSkew;
  /** `undefined` for a client that has no identifier. */
  readonly clientId: string | undefined;
  readonly clientAuthentication: ClientAuthentication;
  readonly fetch: typeof globalThis.fetch;
  /** Deadline of each request, in milliseconds. */
  readonly timeoutMs: number;
  readonly emit: (event: TokenEvent) => void;
}

/** Options of {@link RequestPreparation.prepareAgain}. */
export interface PrepareAgainOptions<Prepared> {
  readonly signal: AbortSignal | undefined;
  /** Prepares the request once more. The secrets of the rejected request tell a source which token was rejected. */
  readonly prepare: (rejectedSecrets: readonly string[]) => Promise<Prepared>;
  /**
   * For an error that may be about the input of the grant: whether another input was prepared, so that the request is sent again.
   */
  readonly hasOtherInput?: ((again: Prepared) => boolean) | undefined;
}

/** Prepares requests to the authorization server. */
export interface RequestPreparation {
  /** Reads the current metadata and credentials. */
  prepare(signal: AbortSignal | undefined, rejectedSecrets?: readonly string[]): Promise<PreparedRequest>;
  /**
   * Prepares a rejected request with the current credentials. If the metadata may have changed, discovers them again
   * first. Resolves to `undefined` if neither can be the reason for the error, or if nothing has changed.
   */
  prepareAgain<Prepared extends PreparedRequest>(
    error: unknown,
    failed: Prepared,
    options: PrepareAgainOptions<Prepared>,
  ): Promise<Prepared | undefined>;
  /**
   * Configures openid-client for one prepared request. It builds the request and checks the
   * response. This library adds DPoP proofs, the deadline, the body limit and the errors. In openid-client, the deadline does not
   * cover the body, the body has no limit, and errors hold the response, which may repeat a secret.
   */
  configure(
    prepared: PreparedRequest,
    options: Pick<BoundedFetchOptions, 'signal' | 'accept' | 'bodyFormat'>,
  ): { readonly configuration: Configuration; readonly bounded: BoundedFetch };
}

/** Prepares each request with the current metadata and credentials, so that both can change without a restart. */
export function prepareRequest({
  server,
  skew,
  clientId,
  clientAuthentication,
  fetch,
  timeoutMs,
  emit,
  ...context
}: PrepareRequestOptions): RequestPreparation {
  // By kind and position: mutual TLS and an assertion may each have a certificate.
  const fingerprints = new Map<string, string | undefined>();

  async function prepare(
    signal: AbortSignal | undefined,
    rejectedSecrets?: readonly string[],
  ): Promise<PreparedRequest> {
    const metadata = await abortable(server.metadata(), signal);
    signal?.throwIfAborted();
    const skewMs = skew.ms;
    const preparing = authenticatorOf(clientAuthentication).prepare(clientId ?? '', metadata, {
      ...context,
      skewMs,
      rejectedSecrets,
      signal,
    });
    const authentication = await abortable(preparing, signal).catch(reportSlowCredentials);
    authentication.credentials?.forEach(reportRotation);
    return { metadata, authentication, skewMs };
  }

  function reportRotation({ facts, fingerprint }: PreparedCredential, position: number): void {
    const name = `${facts.credential} ${position}`;
    const last = fingerprints.get(name);
    fingerprints.set(name, fingerprint);
    if (last !== undefined && last !== fingerprint) emit({ type: 'credential.reread', ...facts });
  }

  return {
    prepare,
    async prepareAgain(error, failed, { signal, prepare: prepareOnce, hasOtherInput }) {
      if (!isTokenError(error) || error.code !== 'ERR_GRANT_REJECTED') return undefined;
      const isOutdated = mayBeOutdated(error);
      if (!isOutdated && !isAboutClient(error) && hasOtherInput === undefined) return undefined;
      try {
        if (isOutdated) await abortable(server.rediscover(), signal);
      } catch (reason) {
        // At the deadline, the rejection is more specific than the timeout.
        if (reason instanceof DeadlineError) return undefined;
        throw reason;
      }
      const again = await prepareOnce(failed.authentication.secrets).catch(() => failed);
      return isSame(again, failed) && hasOtherInput?.(again) !== true ? undefined : again;
    },
    configure({ metadata, authentication }, options) {
      const bounded = boundedFetch(authentication.fetch ?? fetch, {
        timeoutMs,
        httpOrigins: server.httpOrigins,
        ...options,
      });
      const client = { use_mtls_endpoint_aliases: authentication.fetch !== undefined };
      const configuration = new Configuration(metadata, clientId ?? 'none', client, authentication.authenticate);
      configuration[customFetch] = bounded.fetch;
      // The check of http URLs is in bounded-fetch.ts.
      allowInsecureRequests(configuration);
      return { configuration, bounded };
    },
  };
}

// The timeout of a user-supplied function is not a timeout of the authorization server.
function reportSlowCredentials(error: unknown): never {
  if (!(error instanceof DeadlineError)) throw error;
  throw new GrantUnavailableError(
    'the credentials were not read in time: the function that returns the client secret, key, certificate or assertion did ' +
      'not complete before the deadline',
    { cause: error },
  );
}

/** Whether the authorization server may have rejected the client or its authentication. */
export const isAboutClient = (error: unknown): boolean =>
  isTokenError(error) && error.code === 'ERR_GRANT_REJECTED' && concernsClient(error.status, error.error);

// The endpoint may have moved, or the server may require another client authentication method.
const mayBeOutdated = ({ status, error }: GrantRejectedError): boolean =>
  [401, 404, 405, 410].includes(status) || (status >= 300 && status < 400) || error === 'invalid_client';

const isSame = (one: PreparedRequest, other: PreparedRequest): boolean =>
  isDeepStrictEqual(essentials(one), essentials(other));

const essentials = ({ authentication, metadata }: PreparedRequest) => [
  authentication.method,
  authentication.fingerprint,
  metadata.token_endpoint,
  metadata.revocation_endpoint,
  metadata.mtls_endpoint_aliases,
];
