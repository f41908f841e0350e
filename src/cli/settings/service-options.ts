import type { ClientAuthentication } from '../../authentication/client-authentication.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenServiceOptions } from '../../service/options.js';
import { CommandError } from '../io/command-error.js';
import { grantNameOf } from '../../service/grant-input.js';
import { allowedUrl } from './allowed-url.js';
import { authMethodOf, clientIdOf, type Credentials, isUnauthenticated } from './auth-methods.js';
import type { SettingName } from './definitions.js';
import { parametersOf } from './parameters.js';
import type { Settings } from './settings.js';

/** Options of `createTokenService`. */
export type ServiceOptions = TokenServiceOptions & {
  /** `undefined` if the client does not authenticate. */
  readonly clientAuthentication: ClientAuthentication | undefined;
};

/**
 * The settings as options of `createTokenService`.
 * @throws {CommandError} if a setting is missing, or the client authentication is unknown
 * @throws {ConfigurationError} if a key or certificate is malformed, or the two do not match
 */
export async function serviceOptions(settings: Settings, credentials: Credentials): Promise<ServiceOptions> {
  const options = serverOptions(settings);
  const method = authMethodOf(settings);
  const clientAuthentication = isUnauthenticated(settings) ? undefined : await method.make(credentials, settings);
  const grant = await grantOf(settings, credentials);
  if (!usesDpop(settings)) return { ...options, grant, clientAuthentication };
  const { dpop } = await import('../../grant/dpop.js');
  return { ...options, grant, clientAuthentication, dpop: dpop() };
}

async function grantOf(
  settings: Settings,
  { assertion, subjectToken, actorToken }: Credentials,
): Promise<TokenServiceOptions['grant']> {
  const { grant, subjectTokenType, actorTokenType, requestedTokenType } = settings;
  if (grant === undefined) return undefined;
  const name = grantNameOf(grant.value, grant.source);
  const { grantOf: make } = await import('../../service/grant-settings.js');
  return make({
    name,
    input: () => (name === 'jwt_bearer' ? assertion : subjectToken),
    subjectTokenType: subjectTokenType?.value,
    actorToken: actorToken === '' ? undefined : () => actorToken,
    actorTokenType: actorTokenType?.value,
    requestedTokenType: requestedTokenType?.value,
  });
}

/**
 * The options that need no credentials.
 * @throws {CommandError} if a setting is missing or malformed
 */
export function serverOptions(settings: Settings): TokenServiceOptions {
  const url = (name: SettingName) => settings[name] && allowedUrl(settings, settings[name].value);
  return {
    issuer: url('issuer'),
    tokenEndpoint: url('tokenEndpoint'),
    protectedResource: url('protectedResource'),
    issuers: list(settings, 'issuers')?.map((each) => allowedUrl(settings, each)),
    revocationEndpoint: url('revocationEndpoint'),
    clientId: clientIdOf(settings),
    assumeBearer: isOn(settings, 'assumeBearer'),
    ...tokenRequest(settings),
  };
}

/**
 * The token request of the settings.
 * @throws {CommandError} if the parameters are malformed
 */
export function tokenRequest(settings: Settings): TokenRequest {
  const { parameter } = settings;
  return {
    scope: list(settings, 'scope'),
    audience: list(settings, 'audience'),
    resource: list(settings, 'resource'),
    parameters: parameter && parametersOf(parameter.value, parameter.source),
  };
}

const list = (settings: Settings, name: SettingName) => settings[name]?.value.split(/\s+/).filter(Boolean);

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
