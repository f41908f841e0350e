import type { ClientAuthentication } from '../../authentication/client-authentication.js';
import { clientSecretBasic, clientSecretByMetadata, clientSecretPost } from '../../authentication/client-secret.js';
import { CommandError } from '../io/command-error.js';
import type { Settings } from './settings.js';

/** What the client proves with who it is; a text is empty where there is none. */
export interface Credentials {
  readonly secret: string;
  /** The private key: PEM or a JWK. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
  /** What somebody else has issued. */
  readonly assertion: string;
}

/** One way to authenticate. */
export interface AuthMethod {
  readonly needs: readonly (keyof Credentials)[];
  /** Makes it of what it needs; the code for it is loaded now. */
  readonly make: (credentials: Credentials, settings: Settings) => Promise<ClientAuthentication>;
}

const mutualTls: AuthMethod = {
  needs: ['certificate', 'key'],
  make: async ({ certificate, key }) =>
    (await import('../../authentication/mutual-tls.js')).mutualTls({ certificate, key }),
};

/** The client authentication methods by the names of the setting: the registered ones (RFC 7591 §2), and some for what these leave open. */
export const authMethods: Readonly<Record<string, AuthMethod>> = {
  client_secret_basic: { needs: ['secret'], make: async ({ secret }) => clientSecretBasic(secret) },
  // The header again, for servers that read certain characters in another way.
  'client_secret_basic:form': {
    needs: ['secret'],
    make: async ({ secret }) => clientSecretBasic(secret, { encoding: 'form' }),
  },
  'client_secret_basic:raw': {
    needs: ['secret'],
    make: async ({ secret }) => clientSecretBasic(secret, { encoding: 'raw' }),
  },
  client_secret_post: { needs: ['secret'], make: async ({ secret }) => clientSecretPost(secret) },
  client_secret_jwt: {
    needs: ['secret'],
    make: async ({ secret }) => (await import('../../authentication/client-secret-jwt.js')).clientSecretJwt(secret),
  },
  private_key_jwt: {
    needs: ['key'],
    async make({ key }, { keyId, signingAlgorithm }) {
      const { privateKeyJwt } = await import('../../authentication/private-key-jwt.js');
      return privateKeyJwt({ key, keyId: keyId?.value, algorithm: signingAlgorithm?.value });
    },
  },
  tls_client_auth: mutualTls,
  self_signed_tls_client_auth: mutualTls,
  federated_assertion: {
    needs: ['assertion'],
    async make({ assertion }) {
      const { federatedAssertion } = await import('../../authentication/federated-assertion.js');
      return federatedAssertion(() => assertion);
    },
  },
};

/** The name of the method: the one that is set, or what the credentials are for; `undefined` when the metadata decide how a secret is sent. */
export function authMethodName(settings: Settings): string | undefined {
  const { authMethod, assertionFile, clientSecret, clientSecretFile, certificateFile, keyFile } = settings;
  if (authMethod !== undefined) return authMethod.value;
  if (assertionFile !== undefined) return 'federated_assertion';
  if ((clientSecret ?? clientSecretFile) !== undefined) return undefined;
  if (certificateFile !== undefined) return 'tls_client_auth';
  return keyFile === undefined ? undefined : 'private_key_jwt';
}

/**
 * The method that the settings mean.
 * @throws {CommandError} when there is none of this name
 */
export function authMethodOf(settings: Settings): AuthMethod {
  const name = authMethodName(settings);
  if (name === undefined) return { needs: ['secret'], make: async ({ secret }) => clientSecretByMetadata(secret) };
  const method = Object.hasOwn(authMethods, name) ? authMethods[name] : undefined;
  if (method !== undefined) return method;
  const isNone = name === 'none';
  throw new CommandError(
    isNone
      ? 'only a client that proves who it is gets tokens of its own (RFC 6749 §4.4): "none" is no way to'
      : `there is no client authentication ${JSON.stringify(name)}`,
    { advice: `take one of ${Object.keys(authMethods).join(', ')}` },
  );
}

/** Whether the client presents a certificate: at the token endpoint, and where its tokens are used (RFC 8705 §3). */
export const isMutualTls = (settings: Settings): boolean => authMethodOf(settings) === mutualTls;

/** What stands in the metadata of authorization servers for a method (RFC 7591 §2). */
export function registeredName(method: string): string {
  return method === 'federated_assertion' ? 'private_key_jwt' : method.replace(/:.*/, '');
}
