import { isDeepStrictEqual } from 'node:util';

import type { ServerMetadata } from 'openid-client';

import type {
  AuthenticationContext,
  ClientAuthentication,
  PreparedAuthentication,
} from '../authentication/client-authentication.js';
import { abortable } from '../core/abort.js';
import { GrantRejectedError } from '../core/errors.js';
import type { AuthorizationServer } from './authorization-server.js';
import type { ServerTime } from './clock-skew.js';

/** What one request to the authorization server is made with. */
export interface Means {
  readonly metadata: ServerMetadata;
  readonly authentication: PreparedAuthentication;
  /** How far the clock of the authorization server was thought to be ahead. */
  readonly skewMs: number;
}

/** Options of {@link requestMeans}. */
export interface RequestMeansOptions extends Omit<AuthenticationContext, 'skewMs'> {
  readonly server: AuthorizationServer;
  readonly time: ServerTime;
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
}

/** Where means come from. */
export interface RequestMeans {
  /** The means as they are now. */
  readonly gather: (signal: AbortSignal | undefined) => Promise<Means>;
  /** Other means than those that were refused, if a rotated secret or a moved token endpoint may be why. */
  readonly gatherOthers: (
    error: unknown,
    refused: Promise<Means>,
    signal: AbortSignal | undefined,
  ) => Promise<Means | undefined>;
}

/** Gathers what requests to the authorization server are made with: for each anew, and once more when that was refused. */
export function requestMeans({
  server,
  time,
  clientId,
  clientAuthentication,
  ...circumstances
}: RequestMeansOptions): RequestMeans {
  async function gather(signal: AbortSignal | undefined): Promise<Means> {
    const metadata = await abortable(server.metadata(), signal);
    const { skewMs } = time;
    const preparing = clientAuthentication.prepare(clientId, metadata, { ...circumstances, skewMs });
    return { metadata, authentication: await abortable(preparing, signal), skewMs };
  }

  return {
    gather,
    async gatherOthers(error, gathering, signal) {
      if (!(error instanceof GrantRejectedError)) return undefined;
      const hasMoved = error.status === 404 || error.status === 405;
      if (!hasMoved && !isClientRefused(error)) return undefined;
      if (hasMoved) server.forget();
      const refused = await gathering;
      const means = await gather(signal).catch(() => refused);
      return isDeepStrictEqual(describe(means), describe(refused)) ? undefined : means;
    },
  };
}

/** Whether it is the client, or how it authenticates, that was refused. */
export const isClientRefused = (error: unknown): boolean =>
  error instanceof GrantRejectedError && error.error === 'invalid_client';

const describe = ({ metadata, authentication }: Means) => [
  metadata.token_endpoint,
  metadata.mtls_endpoint_aliases,
  authentication.fingerprint,
];
