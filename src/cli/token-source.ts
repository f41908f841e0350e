import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { TokenSource } from '../core/token-source.js';
import type { CommandContext } from './context.js';
import { CommandError } from './io/command-error.js';
import { alive } from './io/terminal.js';
import { requiredServer, requiredSetting, type Settings } from './settings/settings.js';

/** Options of {@link openTokens}. */
export interface OpenTokensOptions {
  /** Whether tokens are kept across runs. */
  readonly cache?: boolean | undefined;
}

/**
 * The token source that the settings describe. What it takes to ask the authorization server is loaded, and the secret
 * looked for, only when there is no token in the cache.
 * @throws {CommandError} when a setting is missing, or tokens that are bound to a key of this run are to be kept for another
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

  const { withTokenFiles } = await import('./token-cache.js');
  const { tokenRequest, usesDpop } = await import('./settings/service-options.js');
  if (usesDpop(settings)) {
    throw new CommandError('a token that is bound to a key of this run (DPoP) cannot be kept for the next one', {
      advice: 'leave --cache or --dpop out',
    });
  }
  const identity = [server, clientId, ...(await means(settings))];
  return withTokenFiles({ identity, defaults: tokenRequest(settings), env: context.env, clock: context.clock })(
    service,
  );
}

/** What tokens differ in beside what they are asked for: one that is bound to a certificate is of no use with another. */
async function means({ authMethod, certificateFile }: Settings): Promise<(string | undefined)[]> {
  if (certificateFile === undefined) return [authMethod?.value];
  const certificate = await readFile(certificateFile.value).catch(() => '');
  return [authMethod?.value, hash('sha256', certificate, 'base64url')];
}

async function open(settings: Settings, context: CommandContext): Promise<TokenSource> {
  const { readCredentials } = await import('./settings/credentials.js');
  const { serviceOptions } = await import('./settings/service-options.js');
  const options = await serviceOptions(settings, await readCredentials(settings, context));
  const { createTokenService } = await import('../service/token-service.js');
  return createTokenService({ ...options, clock: context.clock });
}
