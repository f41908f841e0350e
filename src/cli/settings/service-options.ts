import {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretByMetadata,
  clientSecretPost,
} from '../../grant/client-authentication.js';
import { type Secret, secretFile } from '../../grant/secret.js';
import type { TokenRequest } from '../../token-request.js';
import type { TokenServiceOptions } from '../../token-service-options.js';
import type { CommandContext } from '../command-context.js';
import { CommandError } from '../command-error.js';
import { canPrompt, hiddenPrompt, readStdin, withoutNewline } from '../input.js';
import type { SettingName } from './setting-table.js';
import { type EffectiveSetting, missingSetting, requiredSetting, type Settings } from './settings.js';

/**
 * The settings as options of `createTokenService`.
 * @throws {CommandError} when a setting is missing, or there is no such client authentication
 */
export function serviceOptions(
  settings: Settings,
  secret: Secret,
): TokenServiceOptions & { readonly clientAuthentication: ClientAuthentication } {
  return {
    issuer: settings.issuer?.value,
    tokenEndpoint: settings.tokenEndpoint?.value,
    revocationEndpoint: settings.revocationEndpoint?.value,
    clientId: requiredSetting(settings, 'clientId'),
    clientAuthentication: authMethod(settings.authMethod?.value, secret),
    ...tokenRequest(settings),
  };
}

/** What the settings ask tokens for. */
export function tokenRequest(settings: Settings): TokenRequest {
  const list = (name: SettingName) => settings[name]?.value.split(/\s+/).filter(Boolean);
  return { scope: list('scope'), audience: list('audience'), resource: list('resource') };
}

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

/**
 * The secret of the client: from the environment, a file, stdin, or by a prompt that does not show it. It is read once: a run
 * is too short for another one.
 * @throws {CommandError} when there is none and nobody to ask
 */
export async function clientSecret(settings: Settings, context: CommandContext): Promise<string> {
  const { clientSecret: given, clientSecretFile: file, clientId } = settings;
  if (given !== undefined) return given.value;
  if (file === undefined && !canPrompt(context)) throw missingSetting('clientSecret');

  const secret =
    file === undefined
      ? await hiddenPrompt(`Secret of client ${JSON.stringify(clientId?.value)} (not shown)`, context)
      : await secretIn(file, context);
  if (secret === '') throw new CommandError('the client secret is empty', { advice: 'check where it comes from' });
  return secret;
}

async function secretIn({ value: path, source }: EffectiveSetting, context: CommandContext): Promise<string> {
  if (path === '-') return withoutNewline(await readStdin(context));
  return secretFile(path)().catch(({ code }: NodeJS.ErrnoException) => {
    throw new CommandError(`the client secret cannot be read from ${path} (${code})`, { advice: `check ${source}` });
  });
}
