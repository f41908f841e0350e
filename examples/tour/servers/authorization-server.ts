import { setTimeout as delay } from 'node:timers/promises';

import { type Clients, type Lifetimes, newClients } from './clients.js';
import { importProvider } from './import-provider.js';
import { startLoopbackServer } from './loopback.js';
import { postToken } from './post-token.js';
import { providerConfiguration } from './provider-configuration.js';
import { type TokenEndpoint, tokenEndpoint } from './token-endpoint.js';

/** An oidc-provider in this process. */
export interface AuthorizationServer extends Clients, Pick<TokenEndpoint, 'counts'> {
  readonly issuer: string;
  /** All tokens that it has issued. */
  readonly tokens: readonly string[];
  /** Whether a token is active, by introspection with the credentials of the API (RFC 7662). */
  introspect(token: string): Promise<boolean>;
  /** Revokes a token of the service (RFC 7009). */
  revoke(token: string): Promise<void>;
  /** Closes the connections of all token requests for some time, and waits for its end. */
  outage(durationMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts the authorization server on a free port of this machine. A grant takes `grantTakesMs`, to make waits visible. */
export async function startAuthorizationServer(
  grantTakesMs: number,
  lifetimes: Lifetimes,
): Promise<AuthorizationServer> {
  const { Provider } = await importProvider();
  const server = await startLoopbackServer();
  const clients = newClients();
  const provider = new Provider(server.origin, await providerConfiguration(clients, lifetimes));
  const tokens: string[] = [];
  provider.on('client_credentials.saved', ({ jti }: { readonly jti: string }) => tokens.push(jti));
  const endpoint = tokenEndpoint(provider.callback(), grantTakesMs);
  server.serve(endpoint.handle);

  return {
    ...clients,
    issuer: server.origin,
    counts: endpoint.counts,
    tokens,
    async introspect(token) {
      const response = await postToken(`${server.origin}/token/introspection`, token, clients.api);
      return ((await response.json()) as { active: boolean }).active;
    },
    async revoke(token) {
      await postToken(`${server.origin}/token/revocation`, token, clients.service);
    },
    async outage(durationMs) {
      endpoint.isDown = true;
      await delay(durationMs);
      endpoint.isDown = false;
    },
    close: () => server.close(),
  };
}
