import { randomUUID } from 'node:crypto';

import { describe } from '@jest/globals';

import { clientsOf, keyId, type Method } from '../clients.js';

/** A realm of a running Keycloak, with a client for each method. */
export interface KeycloakRealm {
  readonly issuer: string;
  /** The issuer over https. */
  readonly secureIssuer: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
  readonly introspectionEndpoint: string;
  /** Gives a client another secret. */
  readonly rotateSecret: (clientId: string, secret: string) => Promise<void>;
  /** Adds an identity provider, and a client that authenticates with its tokens. */
  readonly addFederatedClient: (clientId: string, federation: Federation) => Promise<void>;
  /** Adds a client that authenticates with a certificate of this subject. Its tokens are bound to the certificate. */
  readonly addCertificateClient: (clientId: string, subject: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** Whose tokens authenticate a client. */
export interface Federation {
  readonly issuer: string;
  readonly subject: string;
  readonly jwksUrl: string;
}

const origin = process.env['KEYCLOAK_ORIGIN'];

/** `describe` if `./run` has started Keycloak. Otherwise prints one line and returns `describe.skip`. */
export function describeWithKeycloak(): typeof describe | typeof describe.skip {
  if (origin !== undefined) return describe;
  process.stderr.write('tests that need Keycloak are skipped; tests/foreign-servers/README.md says how to run them\n');
  return describe.skip;
}

/** Makes a realm with these clients, which may use the client credentials grant and token exchange. */
export async function makeRealm(methods: readonly Method[]): Promise<KeycloakRealm> {
  const name = `m2m-${randomUUID()}`;
  const admin = await adminApi();
  const clients = clientsOf(methods).map(({ client_id: clientId, client_secret: secret, jwks, ...rest }) => ({
    clientId,
    secret,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    clientAuthenticatorType: jwks === undefined ? 'client-secret' : 'client-jwt',
    defaultClientScopes: ['basic'],
    optionalClientScopes: ['orders:read', 'orders:write'],
    attributes: {
      'standard.token.exchange.enabled': 'true',
      ...(rest.token_endpoint_auth_method === 'private_key_jwt' && {
        'use.jwks.string': 'true',
        'jwks.string': JSON.stringify({ keys: jwks?.keys.map((key) => ({ ...key, kid: keyId, use: 'sig' })) }),
      }),
    },
    protocolMappers: clientsOf(methods).map((audience) => ({
      name: `audience ${audience.client_id}`,
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: { 'included.client.audience': audience.client_id, 'access.token.claim': 'true' },
    })),
  }));
  const scopeOf = (scope: string) => ({
    name: scope,
    protocol: 'openid-connect',
    attributes: { 'include.in.token.scope': 'true' },
  });
  const clientScopes = [...['orders:read', 'orders:write'].map(scopeOf), { ...scopeOf('basic'), attributes: {} }];
  await admin('POST', '', { realm: name, enabled: true, sslRequired: 'none', clients, clientScopes });
  const issuer = `${origin}/realms/${name}`;
  const endpoints = `${issuer}/protocol/openid-connect`;
  return {
    issuer,
    secureIssuer: `${process.env['KEYCLOAK_HTTPS_ORIGIN']}/realms/${name}`,
    tokenEndpoint: `${endpoints}/token`,
    revocationEndpoint: `${endpoints}/revoke`,
    introspectionEndpoint: `${endpoints}/token/introspect`,
    async rotateSecret(clientId, secret) {
      const [client] = (await admin('GET', `/${name}/clients?clientId=${clientId}`)) as { readonly id: string }[];
      await admin('PUT', `/${name}/clients/${client?.id}`, { ...client, secret });
    },
    async addFederatedClient(clientId, { issuer: platform, subject, jwksUrl }) {
      const alias = 'platform';
      const urls = { authorizationUrl: `${platform}/authorize`, tokenUrl: `${platform}/token`, jwksUrl };
      const flags = { useJwksUrl: 'true', validateSignature: 'true', supportsClientAssertions: 'true' };
      const config = { issuer: platform, clientId: 'unused', clientSecret: 'unused', ...urls, ...flags };
      await admin('POST', `/${name}/identity-provider/instances`, { alias, providerId: 'oidc', enabled: true, config });
      await admin('POST', `/${name}/clients`, {
        clientId,
        serviceAccountsEnabled: true,
        clientAuthenticatorType: 'federated-jwt',
        attributes: { 'jwt.credential.issuer': alias, 'jwt.credential.sub': subject },
      });
    },
    async addCertificateClient(clientId, subject) {
      await admin('POST', `/${name}/clients`, {
        clientId,
        serviceAccountsEnabled: true,
        clientAuthenticatorType: 'client-x509',
        attributes: { 'x509.subjectdn': subject, 'tls.client.certificate.bound.access.tokens': 'true' },
      });
    },
    remove: async () => {
      await admin('DELETE', `/${name}`);
    },
  };
}

async function adminApi() {
  const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: 'admin' };
  return async (method: string, path: string, body?: object): Promise<unknown> => {
    // Each time, because the token of the administrator is valid for a minute.
    const response = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    const { access_token: token } = (await response.json()) as { readonly access_token: string };
    const answer = await fetch(`${origin}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text === '' ? undefined : JSON.parse(text);
  };
}
