import type { X509Certificate } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { TLSSocket } from 'node:tls';

import type {
  AdapterFactory,
  ClientMetadata,
  Configuration,
  KoaContextWithOIDC,
  Provider as Server,
} from 'oidc-provider';

import { importProvider } from '../../examples/tour/servers/import-provider.js';
import { tokenStorage } from '../../examples/tour/servers/token-storage.js';
import { clientCertificates } from './client-certificates.js';
import { listenTls } from './grant-tls.js';
import { signingKey } from './signing-keys.js';

/** oidc-provider over https, with all its client authentication methods. */
export interface OidcProvider {
  readonly issuer: string;
  /** Introspects a token. */
  readonly introspect: (token: string) => Promise<object>;
  readonly provider: Server;
}

/** The APIs that `resource` can name. */
export const apis = ['https://orders.example/', 'https://stock.example/'];

/** Starts oidc-provider with these clients; each may use the client credentials grant. */
export async function startOidcProvider(...clients: readonly Partial<ClientMetadata>[]): Promise<OidcProvider> {
  const { Provider } = await importProvider();
  let answer: ((...request: Parameters<RequestListener>) => unknown) | undefined;
  const port = await listenTls((request, response) => void answer?.(request, response), {
    requestCert: true,
    rejectUnauthorized: false,
    ca: clientCertificates.authority,
  });
  const issuer = `https://localhost:${port}`;
  const { privateJwk } = await signingKey('ES256');
  const provider = new Provider(issuer, {
    ...configuration,
    adapter: storage(clients.map(register)),
    jwks: { keys: [privateJwk] },
  });
  answer = provider.callback();

  return {
    issuer,
    provider,
    async introspect(token) {
      const found = await provider.ClientCredentials.find(token);
      return { clientId: found?.clientId, scope: found?.scope, binding: found?.['x5t#S256'], audience: found?.aud };
    },
  };
}

const register = (client: Partial<ClientMetadata>): ClientMetadata => ({
  client_id: 'orders',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: 'orders:read orders:write',
  ...client,
});

// Set afterwards, because oidc-provider copies its configuration, and the copy is not a plain object in the realm of Jest.
function storage(clients: readonly ClientMetadata[]): AdapterFactory {
  const tokens = tokenStorage();
  return (model) => {
    const adapter = tokens(model);
    if (model !== 'Client') return adapter;
    return { ...adapter, find: async (id) => clients.find(({ client_id: clientId }) => clientId === id) };
  };
}

const certificateOf = ({ socket }: KoaContextWithOIDC): X509Certificate | undefined =>
  (socket as TLSSocket).getPeerX509Certificate();

const configuration: Configuration = {
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  scopes: ['orders:read', 'orders:write'],
  clientAuthMethods: [
    'client_secret_basic',
    'client_secret_post',
    'client_secret_jwt',
    'private_key_jwt',
    'tls_client_auth',
    'self_signed_tls_client_auth',
    'none',
  ],
  enabledJWA: {
    clientAuthSigningAlgValues: ['HS256', 'RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'] as never,
  },
  ttl: { ClientCredentials: 600 },
  cookies: { keys: ['for tests only'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      tlsClientAuth: true,
      selfSignedTlsClientAuth: true,
      getCertificate: (context: KoaContextWithOIDC) => certificateOf(context)?.toString(),
      certificateAuthorized: ({ socket }: KoaContextWithOIDC) => (socket as TLSSocket).authorized,
      certificateSubjectMatches: (context: KoaContextWithOIDC, property: string, expected: string) =>
        property === 'tls_client_auth_san_dns' &&
        certificateOf(context)?.checkHost(expected, { subject: 'never' }) === expected,
    },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_context, resource) => {
        if (!apis.includes(resource)) throw new Error('unknown API');
        return { scope: 'orders:read orders:write', accessTokenFormat: 'opaque' };
      },
    },
  },
};
