import { randomBytes, webcrypto } from 'node:crypto';

import type { Configuration } from 'oidc-provider';

import type { Client } from './post-token.js';
import { tokenStorage } from './token-storage.js';

/** The clients of the authorization server. */
export interface Clients {
  /** Gets tokens. */
  readonly service: Client;
  /** Gets tokens with a short lifetime. */
  readonly shortLived: Client;
  /** The API, which may introspect tokens. */
  readonly api: Client;
}

/** The lifetimes of tokens. */
export interface Lifetimes {
  readonly lifetimeSeconds: number;
  readonly shortLifetimeSeconds: number;
}

/** Clients with new secrets. */
export function newClients(): Clients {
  const newClient = (id: string): Client => ({ id, secret: randomSecret() });
  return {
    service: newClient('orders-service'),
    shortLived: newClient('short-lived-service'),
    api: newClient('orders-api'),
  };
}

/** The configuration of oidc-provider for the client credentials grant, introspection and revocation, with new keys. */
export async function providerConfiguration(
  { service, shortLived, api }: Clients,
  { lifetimeSeconds, shortLifetimeSeconds }: Lifetimes,
): Promise<Configuration> {
  const register = ({ id, secret }: Client, metadata: { readonly grant_types: string[]; readonly scope?: string }) => ({
    client_id: id,
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_basic' as const,
    redirect_uris: [],
    response_types: [],
    ...metadata,
  });
  const mayRequestTokens = { grant_types: ['client_credentials'], scope: 'orders:read orders:write' };

  return {
    clients: [
      register(service, mayRequestTokens),
      register(shortLived, mayRequestTokens),
      register(api, { grant_types: [] }),
    ],
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
    jwks: { keys: [await signingKey()] },
  };
}

const randomSecret = (): string => randomBytes(32).toString('base64url');

async function signingKey() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { kty, crv, x, y, d } = await webcrypto.subtle.exportKey('jwk', privateKey);
  return { kty, crv, x, y, d, alg: 'ES256', use: 'sig' };
}
