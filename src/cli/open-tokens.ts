import type { TokenSource } from '../token-source.js';
import { alive } from './terminal.js';
import type { CommandContext } from './command-context.js';
import { requiredServer, requiredSetting, type Settings } from './settings/settings.js';

/** Options of {@link openTokens}. */
export interface OpenTokensOptions {
  /** Whether tokens are kept across runs. */
  readonly cache?: boolean | undefined;
}

/**
 * The token source that the settings describe. What it takes to ask the authorization server is loaded, and the secret
 * looked for, only when there is no token in the cache.
 * @throws {CommandError} when a setting is missing
 */
export async function openTokens(
  settings: Settings,
  context: CommandContext,
  { cache = false }: OpenTokensOptions = {},
): Promise<TokenSource> {
  const server = requiredServer(settings);
  const clientId = requiredSetting(settings, 'clientId');

  let opening: Promise<TokenSource> | undefined;
  const service: TokenSource = {
    async getToken(request, options) {
      const tokens = await (opening ??= open(settings, context));
      return alive(`asking ${server} for a token`, context, () => tokens.getToken(request, options));
    },
  };
  if (!cache) return service;

  const { withTokenFiles } = await import('./token-files.js');
  const { tokenRequest } = await import('./settings/service-options.js');
  const identity = [server, clientId, settings.authMethod?.value];
  return withTokenFiles({ identity, defaults: tokenRequest(settings), env: context.env, clock: context.clock })(
    service,
  );
}

async function open(settings: Settings, context: CommandContext): Promise<TokenSource> {
  const { clientSecret, serviceOptions } = await import('./settings/service-options.js');
  const options = serviceOptions(settings, await clientSecret(settings, context));
  const { createTokenService } = await import('../token-service.js');
  return createTokenService({ ...options, clock: context.clock });
}
