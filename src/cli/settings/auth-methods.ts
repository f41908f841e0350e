import {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretByMetadata,
  clientSecretPost,
} from '../../grant/client-authentication.js';
import type { Secret } from '../../grant/secret.js';
import { CommandError } from '../command-error.js';

/** The client authentication methods by the names of the setting. One more is one more entry. */
export const authMethods: Readonly<Record<string, (secret: Secret) => ClientAuthentication>> = {
  client_secret_basic: (secret) => clientSecretBasic(secret),
  // The header again, for servers that read certain characters in another way.
  'client_secret_basic:form': (secret) => clientSecretBasic(secret, { encoding: 'form' }),
  'client_secret_basic:raw': (secret) => clientSecretBasic(secret, { encoding: 'raw' }),
  client_secret_post: (secret) => clientSecretPost(secret),
};

/**
 * The client authentication by its name; by the metadata of the authorization server when none is set.
 * @throws {CommandError} when there is none of this name
 */
export function authMethod(name: string | undefined, secret: Secret): ClientAuthentication {
  if (name === undefined) return clientSecretByMetadata(secret);
  const make = Object.hasOwn(authMethods, name) ? authMethods[name] : undefined;
  if (make === undefined) {
    throw new CommandError(`there is no client authentication ${JSON.stringify(name)}`, {
      advice: `take one of ${Object.keys(authMethods).join(', ')}`,
    });
  }
  return make(secret);
}

/** The registered name of a method: what stands in the metadata of authorization servers (RFC 7591 §2). */
export function registeredName(method: string): string {
  return method.replace(/:.*/, '');
}
