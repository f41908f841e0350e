import { afterAll, beforeAll } from '@jest/globals';

import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService, type TokenService } from '../../src/service/token-service.js';
import { authentications, clientIdOf, credentials, introspectingClient, type Method } from './clients.js';
import { type DebianPackage, describeWith } from './debian-packages.js';
import type { ForeignServer, RegisteredClient } from './foreign-server.js';

/** Options of {@link describeForeignServer}. */
export interface ForeignServerOptions {
  readonly packages: readonly DebianPackage[];
  readonly start: (clients: readonly RegisteredClient[]) => Promise<ForeignServer>;
  /** Clients of the tests. */
  readonly clients: readonly RegisteredClient[];
}

/** The server and the functions that its tests share. */
export interface ForeignServerTests {
  /** The running server; only for use within a test. */
  readonly server: () => ForeignServer;
  /** A token service for the client of a method, with its token endpoint unless `issuer` is given. */
  readonly serviceFor: (method: Method, options?: Partial<TokenServiceOptions>) => TokenService;
}

/**
 * Groups the tests of a foreign server, which runs from the first test to the last. Skips them if a package is missing.
 */
export function describeForeignServer(
  name: string,
  { packages, start, clients }: ForeignServerOptions,
  makeTests: (shared: ForeignServerTests) => void,
): void {
  describeWith(packages)(name, () => {
    let running: ForeignServer | undefined;
    beforeAll(async () => {
      running = await start([...clients, introspectingClient]);
    });
    afterAll(() => running?.stop());

    const server = (): ForeignServer => {
      if (running === undefined) throw new Error(`${name} is not running`);
      return running;
    };
    makeTests({ server, serviceFor: (method, options) => serviceFor(server(), method, options) });
  });
}

function serviceFor(
  { tokenEndpoint, revocationEndpoint }: ForeignServer,
  method: Method,
  { issuer, ...options }: Partial<TokenServiceOptions> = {},
): TokenService {
  return createTokenService({
    ...(issuer === undefined ? { tokenEndpoint, revocationEndpoint } : { issuer }),
    clientId: clientIdOf(method),
    // With an issuer, assertions would be for the issuer.
    clientAuthentication: authentications[method](credentials, tokenEndpoint),
    scope: 'orders:read',
    retry: { retries: 0 },
    ...options,
  });
}
