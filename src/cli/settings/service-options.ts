import type { ClientAuthentication } from '../../grant/client-authentication.js';
import type { Secret } from '../../grant/secret.js';
import type { TokenRequest } from '../../token-request.js';
import type { TokenServiceOptions } from '../../token-service-options.js';
import { authMethod } from './auth-methods.js';
import type { SettingName } from './setting-table.js';
import { requiredSetting, type Settings } from './settings.js';

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
