import { authorizationServer } from '../../grant/authorization-server.js';
import { alive } from '../alive.js';
import type { CommandContext } from '../command-context.js';
import { CommandError } from '../command-error.js';
import { requiredServer, requiredSetting, type Settings } from '../settings/settings.js';
import { tokenRequest } from '../settings/service-options.js';
import type { PrintedGrant } from './print-call.js';

/**
 * What another tool must know to make the grant; an issuer is asked for its token endpoint.
 * @throws {CommandError} when a setting is missing, or other tools cannot be told of the client authentication
 * @throws {TokenError} when the issuer does not say
 */
export async function printedGrant(settings: Settings, context: CommandContext): Promise<PrintedGrant> {
  const { issuer, tokenEndpoint } = settings;
  requiredServer(settings);
  const clientId = requiredSetting(settings, 'clientId');
  const server = authorizationServer({
    issuer: issuer?.value,
    tokenEndpoint: tokenEndpoint?.value,
    timeoutMs: 5_000,
    fetch,
    clock: context.clock,
  });
  const metadata = await alive(`asking ${server.name} for its metadata`, context, () => server.metadata());

  const supported = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const byMetadata = supported.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post';
  const method = settings.authMethod?.value ?? byMetadata;
  if (method !== 'client_secret_basic' && method !== 'client_secret_post') {
    throw new CommandError(`a grant with ${method} is not printed`, {
      advice: 'print it with --auth-method client_secret_basic or client_secret_post',
    });
  }
  return { tokenEndpoint: metadata.token_endpoint as string, clientId, method, request: tokenRequest(settings) };
}
