import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { signingKey } from '../support/signing-keys.js';
import type { RegisteredClient } from './foreign-server.js';

/** A client authentication method that several foreign servers offer. */
export type Method = 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'private_key_jwt';

/** The credentials of a client. `private_key_jwt` uses only the private key. */
export interface Credentials {
  readonly secret: string;
  /** In PEM. */
  readonly key: string;
}

const [registered, other] = await Promise.all([signingKey('ES256'), signingKey('ES256')]);

/** The credentials of all clients. The secret is long enough for HS256. */
export const credentials: Credentials = { secret: 'a-secret-of-32-characters-or-more', key: registered.pem };

/** Credentials that no client has registered. */
export const wrongCredentials: Credentials = { secret: 'another-secret-of-the-same-length', key: other.pem };

/** The registered private key, for assertions that the tests sign. */
export const signingJwk = registered.privateJwk;

/** Its public key. */
export const registeredJwk = registered.publicJwk;

/** The id of the registered key. */
export const keyId = 'k1';

/** The id of the client that has a method registered. */
export const clientIdOf = (method: Method): string => `orders-${method}`;

/** The registration of a client for each of these methods. */
export const clientsOf = (methods: readonly Method[]): RegisteredClient[] =>
  methods.map((method) => ({
    client_id: clientIdOf(method),
    token_endpoint_auth_method: method,
    ...(method === 'private_key_jwt'
      ? { jwks: { keys: [{ ...registered.publicJwk, kid: keyId, alg: 'ES256' }] } }
      : { client_secret: credentials.secret }),
  }));

/** The registration of the client that introspects tokens. */
export const introspectingClient = {
  client_id: 'api',
  client_secret: 'the-secret-of-the-api',
  token_endpoint_auth_method: 'client_secret_basic',
} satisfies RegisteredClient;

/** The registration of a client whose id and secret contain characters that servers decode differently. */
export const awkwardClient = {
  client_id: 'a%b c+d',
  client_secret: 'a:b%c d+e&=?/#[]@$;,"<>^`{|}-_.~!*() %41',
  token_endpoint_auth_method: 'client_secret_basic',
} satisfies RegisteredClient;

/** Makes the client authentication of each method. */
export const authentications: Readonly<
  Record<Method, (credentials: Credentials, audience?: string) => ClientAuthentication>
> = {
  client_secret_basic: ({ secret }) => clientSecretBasic(secret),
  client_secret_post: ({ secret }) => clientSecretPost(secret),
  client_secret_jwt: ({ secret }, audience) => clientSecretJwt(secret, { audience }),
  private_key_jwt: ({ key }, audience) => privateKeyJwt({ key, keyId, audience }),
};
