import { randomBytes, webcrypto } from 'node:crypto';

import type { Configuration } from 'oidc-provider';

import type { Client } from './post-token.js';
import { tokenStorage } from './token-storage.js';

/** Who is known to the authorization server. */
export interface Clients {
  /** Asks for tokens. */
  readonly service: Client;
  /** Asks for tokens, and gets those that live for a short time only. */
  readonly shortLived: Client;
  /** The API: may ask about tokens. */
  readonly api: Client;
}

/** How long tokens live. */
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

/** Sets oidc-provider up for the client credentials grant, introspection and revocation, with keys of its own. */
export async function providerConfiguration(
  { service, shortLived, api }: Clients,
  { lifetimeSeconds, shortLifetimeSeconds }: Lifetimes,
): Promise<Configuration> {
  const register = ({ id, secret }: Client, rights: { readonly grant_types: string[]; readonly scope?: string }) => ({
    client_id: id,
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_basic' as const,
    redirect_uris: [],
    response_types: [],
    ...rights,
  });
  const mayAskForTokens = { grant_types: ['client_credentials'], scope: 'orders:read orders:write' };

  return {
    clients: [
      register(service, mayAskForTokens),
      register(shortLived, mayAskForTokens),
      register(api, { grant_types: [] }),
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['orders:read', 'orders:write'],
    ttl: {
      ClientCredentials: (_context, _token, { clientId }) =>
        clientId === shortLived.id ? shortLifetimeSeconds : lifetimeSeconds,
    },
    // Its times are whole seconds, cut off: without this a token would live up to a second less than it says.
    clockTolerance: 1,
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_context, asking) => asking.clientId === api.id },
      revocation: { enabled: true, allowedPolicy: (_context, asking, token) => asking.clientId === token.clientId },
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
