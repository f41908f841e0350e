import type { Configuration } from 'oidc-provider';

import { type Clients, type Lifetimes, randomSecret } from './clients.js';
import type { Client } from './post-token.js';
import { newSigningKey } from './signing-key.js';
import { tokenStorage } from './token-storage.js';

/** The configuration of oidc-provider for the client credentials grant, introspection and revocation, with new keys. */
export async function providerConfiguration(
  { service, shortLived, api }: Clients,
  { lifetimeSeconds, shortLifetimeSeconds }: Lifetimes,
): Promise<Configuration> {
  const getsTokens = { grant_types: ['client_credentials'], scope: 'orders:read orders:write' };

  return {
    clients: [register(service, getsTokens), register(shortLived, getsTokens), register(api, { grant_types: [] })],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['orders:read', 'orders:write'],
    ttl: {
      ClientCredentials: (_context, _token, { clientId }) =>
        clientId === shortLived.id ? shortLifetimeSeconds : lifetimeSeconds,
    },
    // oidc-provider rounds times down to seconds. Without this tolerance, a token would expire up to a second early.
    clockTolerance: 1,
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_context, client) => client.clientId === api.id },
      revocation: { enabled: true, allowedPolicy: (_context, client, token) => client.clientId === token.clientId },
      devInteractions: { enabled: false },
    },
    adapter: tokenStorage(),
    cookies: { keys: [randomSecret()] },
    jwks: { keys: [await newSigningKey()] },
  };
}

const register = ({ id, secret }: Client, metadata: { readonly grant_types: string[]; readonly scope?: string }) => ({
  client_id: id,
  client_secret: secret,
  token_endpoint_auth_method: 'client_secret_basic' as const,
  redirect_uris: [],
  response_types: [],
  ...metadata,
});
