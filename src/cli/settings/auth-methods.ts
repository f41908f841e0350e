import type { ClientAuthentication } from '../../authentication/client-authentication.js';
import { clientSecretBasic, clientSecretByMetadata, clientSecretPost } from '../../authentication/client-secret.js';
import { noClientAuthentication } from '../../authentication/no-client-authentication.js';
import type { GrantInputName } from '../../service/grant-input.js';
import { CommandError } from '../io/command-error.js';
import { grantInputAmong } from './definitions.js';
import { requiredSetting, type Settings } from './settings.js';

/** The credentials of the client. A member is empty if it is not set. */
export interface Credentials {
  readonly secret: string;
  /** The private key: PEM or a JWK. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
  /** An assertion of another issuer: that of the JWT bearer grant, a client assertion, or both. */
  readonly assertion: string;
  /** The tokens of the token exchange grant. */
  readonly subjectToken: string;
  readonly actorToken: string;
}

/** One client authentication method. */
export interface AuthMethod {
  readonly needs: readonly (keyof Credentials)[];
  /** Makes the client authentication, and loads its code. */
  readonly make: (credentials: Credentials, settings: Settings) => Promise<ClientAuthentication>;
}

const bySecret = (make: (secret: string) => ClientAuthentication): AuthMethod => ({
  needs: ['secret'],
  make: async ({ secret }) => make(secret),
});

const audienceOf = ({ assertionAudience }: Settings) => ({ audience: assertionAudience?.value });

const mutualTls: AuthMethod = {
  needs: ['certificate', 'key'],
  make: async ({ certificate, key }) =>
    (await import('../../authentication/mutual-tls.js')).mutualTls({ certificate, key }),
};

/**
 * The client authentication methods by the names of the setting: the registered names (RFC 7591 §2), and further names for
 * variants of them.
 */
export const authMethods: Readonly<Record<string, AuthMethod>> = {
  client_secret_basic: bySecret((secret) => clientSecretBasic(secret)),
  // For servers that decode certain characters differently.
  'client_secret_basic:form': bySecret((secret) => clientSecretBasic(secret, { encoding: 'form' })),
  'client_secret_basic:raw': bySecret((secret) => clientSecretBasic(secret, { encoding: 'raw' })),
  client_secret_post: bySecret((secret) => clientSecretPost(secret)),
  client_secret_jwt: {
    needs: ['secret'],
    async make({ secret }, settings) {
      const { clientSecretJwt } = await import('../../authentication/client-secret-jwt.js');
      return clientSecretJwt(secret, audienceOf(settings));
    },
  },
  private_key_jwt: {
    needs: ['key'],
    async make({ key }, settings) {
      const { keyId, signingAlgorithm } = settings;
      const { privateKeyJwt } = await import('../../authentication/private-key-jwt.js');
      return privateKeyJwt({ key, keyId: keyId?.value, algorithm: signingAlgorithm?.value, ...audienceOf(settings) });
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

/** The name of the method: as set, or by the kind of credentials. `undefined` if the metadata decides how to send a secret. */
export function authMethodName(settings: Settings): string | undefined {
  const { authMethod, clientSecret, clientSecretFile, certificateFile, keyFile } = settings;
  if (authMethod !== undefined) return authMethod.value;
  const input = grantInputOf(settings);
  const isForClient = (name: 'assertionFile' | 'identity') => settings[name] !== undefined && name !== input;
  if (isForClient('assertionFile') || isForClient('identity')) return 'federated_assertion';
  if ((clientSecret ?? clientSecretFile) !== undefined) return undefined;
  if (certificateFile !== undefined) return 'tls_client_auth';
  if (keyFile !== undefined) return 'private_key_jwt';
  return isClientCredentials(settings) ? undefined : 'none';
}

/** The setting from which the grant has its assertion or subject token; `undefined` if it needs none. */
export const grantInputOf = (settings: Settings): GrantInputName | undefined =>
  grantInputAmong(settings.grant?.value, (name) => settings[name] !== undefined);

/** Whether the grant is based on the authentication of the client alone (RFC 6749 §4.4). */
export const isClientCredentials = ({ grant }: Settings): boolean =>
  grant === undefined || grant.value === 'client_credentials';

/** Whether the grant is based on a token, and the client does not authenticate (RFC 7521 §4.1). */
export const isUnauthenticated = (settings: Settings): boolean =>
  !isClientCredentials(settings) && authMethodName(settings) === 'none';

/**
 * The client identifier; `undefined` if it is not set and the client does not authenticate.
 * @throws {CommandError} if it is missing
 */
export const clientIdOf = (settings: Settings): string | undefined =>
  isUnauthenticated(settings) ? settings.clientId?.value : requiredSetting(settings, 'clientId');

/**
 * The method in effect.
 * @throws {CommandError} if its name is unknown
 */
export function authMethodOf(settings: Settings): AuthMethod {
  const name = authMethodName(settings);
  if (isUnauthenticated(settings)) return { needs: [], make: async () => noClientAuthentication() };
  if (name === undefined) return bySecret((secret) => clientSecretByMetadata(secret));
  const method = Object.hasOwn(authMethods, name) ? authMethods[name] : undefined;
  if (method !== undefined) return method;
  const message =
    name === 'none'
      ? '"none" cannot be used with the client credentials grant (RFC 6749 §4.4)'
      : `the client authentication ${JSON.stringify(name)} is unknown`;
  throw new CommandError(message, { advice: `use one of ${Object.keys(authMethods).join(', ')}` });
}

/** Whether the client presents a certificate, to the token endpoint and to APIs (RFC 8705 §3). */
export const isMutualTls = (settings: Settings): boolean => authMethodOf(settings) === mutualTls;

/** The name of a method in the metadata of authorization servers (RFC 7591 §2). */
export function registeredName(method: string): string {
  return method === 'federated_assertion' ? 'private_key_jwt' : method.replace(/:.*/, '');
}
