import type { ClientAuthentication } from '../../authentication/client-authentication.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenServiceOptions } from '../../service/options.js';
import { CommandError } from '../io/command-error.js';
import { allowedUrl } from './allowed-url.js';
import { authMethodOf, type Credentials } from './auth-methods.js';
import type { SettingName } from './definitions.js';
import { parametersOf } from './parameters.js';
import { requiredSetting, type Settings } from './settings.js';

/** Options of `createTokenService`. */
export type ServiceOptions = ServerOptions & { readonly clientAuthentication: ClientAuthentication };

/** The options that need no credentials. */
export type ServerOptions = TokenServiceOptions & { readonly clientId: string };

/**
 * The settings as options of `createTokenService`.
 * @throws {CommandError} if a setting is missing, or the client authentication is unknown
 * @throws {ConfigurationError} if a key or certificate is malformed, or the two do not match
 */
export async function serviceOptions(settings: Settings, credentials: Credentials): Promise<ServiceOptions> {
  const options = serverOptions(settings);
  const clientAuthentication = await authMethodOf(settings).make(credentials, settings);
  if (!usesDpop(settings)) return { ...options, clientAuthentication };
  const { dpop } = await import('../../grant/dpop.js');
  return { ...options, clientAuthentication, dpop: dpop() };
}

/**
 * The options that need no credentials.
 * @throws {CommandError} if a setting is missing or malformed
 */
export function serverOptions(settings: Settings): ServerOptions {
  const url = (name: SettingName) => settings[name] && allowedUrl(settings, settings[name].value);
  return {
    issuer: url('issuer'),
    tokenEndpoint: url('tokenEndpoint'),
    revocationEndpoint: url('revocationEndpoint'),
    clientId: requiredSetting(settings, 'clientId'),
    assumeBearer: isOn(settings, 'assumeBearer'),
    ...tokenRequest(settings),
  };
}

/**
 * The token request of the settings.
 * @throws {CommandError} if the parameters are malformed
 */
export function tokenRequest(settings: Settings): TokenRequest {
  const list = (name: SettingName) => settings[name]?.value.split(/\s+/).filter(Boolean);
  const { parameter } = settings;
  return {
    scope: list('scope'),
    audience: list('audience'),
    resource: list('resource'),
    parameters: parameter && parametersOf(parameter.value, parameter.source),
  };
}

/**
 * Whether the command uses DPoP (RFC 9449).
 * @throws {CommandError} if the setting is neither true nor false
 */
export const usesDpop = (settings: Settings): boolean => isOn(settings, 'dpop');

function isOn(settings: Settings, name: SettingName): boolean {
  const { value, source } = settings[name] ?? { value: 'false', source: '' };
  if (value === 'true' || value === 'false') return value === 'true';
  throw new CommandError(`${source} must be true or false, not ${JSON.stringify(value)}`, {
    advice: 'correct this setting',
  });
}
