import { setTimeout as delay } from 'node:timers/promises';

import { importProvider } from './import-provider.js';
import { startLoopbackServer } from './loopback.js';
import { postToken } from './post-token.js';
import { type Clients, type Lifetimes, newClients, providerConfiguration } from './provider-configuration.js';

/** An oidc-provider in this process. */
export interface AuthorizationServer extends Pick<Clients, 'service' | 'shortLived'> {
  readonly issuer: string;
  /** The numbers of grants that it has issued and rejected. */
  readonly counts: { readonly granted: number; readonly rejected: number };
  /** Whether a token is active, by introspection with the credentials of the API (RFC 7662). */
  introspect(token: string): Promise<boolean>;
  /** Revokes a token of the service (RFC 7009). */
  revoke(token: string): Promise<void>;
  close(): Promise<void>;
}

/** Options of {@link startAuthorizationServer}. */
export interface AuthorizationServerOptions extends Lifetimes {
  /** The minimum duration of a grant, so that the wait for it is visible. */
  readonly grantTakesMs: number;
}

/** Starts the authorization server on a free port of this machine. */
export async function startAuthorizationServer({
  grantTakesMs,
  ...lifetimes
}: AuthorizationServerOptions): Promise<AuthorizationServer> {
  const { Provider } = await importProvider();
  const server = await startLoopbackServer();
  const { service, shortLived, api } = newClients();
  const counts = { granted: 0, rejected: 0 };

  const configuration = await providerConfiguration({ service, shortLived, api }, lifetimes);
  const handle = new Provider(server.origin, configuration).callback();
  server.serve(async (request, response) => {
    if (request.url === '/token') {
      response.once('finish', () => (counts[response.statusCode === 200 ? 'granted' : 'rejected'] += 1));
      await delay(grantTakesMs);
    }
    await handle(request, response);
  });

  return {
    issuer: server.origin,
    service,
    shortLived,
    counts,
    async introspect(token) {
      const response = await postToken(`${server.origin}/token/introspection`, token, api);
      return ((await response.json()) as { active: boolean }).active;
    },
    async revoke(token) {
      await postToken(`${server.origin}/token/revocation`, token, service);
    },
    close: () => server.close(),
  };
}
